/** The plugins of mlnb, nothing else. */

import { notebooksPlugin } from './notebook/plugin';
import { orderPlugin } from './order/plugin';
import { sidebarPlugin } from './sidebar/plugin';

export default [notebooksPlugin, sidebarPlugin, orderPlugin];
