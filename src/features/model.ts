/** What the Features section shows: the catalogue, searched, and previews of the opened views. */

import type { ApiError } from '../api/client';
import { asApiError } from '../api/client';
import type { IEvents } from '../api/events';
import type { Applied, FeatureView, FeatureViewDetail } from '../api/types';
import { SectionModel } from '../ui/section_model';
import type { FeaturesClient } from './client';

const PAGE = 50;

/** The feature catalogue. */
export class FeaturesModel extends SectionModel {
  constructor(
    private readonly _client: FeaturesClient,
    events: IEvents
  ) {
    super();
    events.on(['features_changed'], () => {
      this._details.clear();
      this.invalidate();
    });
  }

  get count(): number | null {
    return this._total;
  }

  /** What is searched for; empty shows all. */
  get search(): string {
    return this._search;
  }

  /** Lists only views in which `text` occurs. */
  searchFor(text: string): void {
    this._search = text;
    this.changed();
    void this.refresh();
  }

  /** The views found. */
  get views(): readonly FeatureView[] {
    return this._views;
  }

  /** Preview of an opened view, why there is none, or null while it is fetched. */
  detail(name: string): FeatureViewDetail | ApiError | null {
    return this._details.get(name) ?? null;
  }

  /** Fetches the preview of a view. Never rejects. */
  async open(name: string): Promise<void> {
    try {
      this._details.set(name, await this._client.get(name));
    } catch (reason) {
      this._details.set(name, asApiError(reason));
    }
    this.changed();
  }

  /** Registers what a Python file defines; null when that failed (see `error`). */
  async apply(path: string): Promise<Applied | null> {
    const applied = await this.act('apply', () => this._client.apply(path));
    if (applied) {
      this._details.clear();
      await this.refresh();
    }
    return applied ?? null;
  }

  protected async load(): Promise<void> {
    const search = this._search;
    const page = await this._client.list(search, PAGE);
    this._views = page.views;
    if (search === '') {
      this._total = page.total;
    }
  }

  private readonly _details = new Map<string, FeatureViewDetail | ApiError>();
  private _views: readonly FeatureView[] = [];
  private _total: number | null = null;
  private _search = '';
}
