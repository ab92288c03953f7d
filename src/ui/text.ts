/** Text as elements, where there is no React. */

/** The nodes of a text in which what stands between backticks is code. */
export function textWithCode(text: string): Node[] {
  return text.split('`').map((part, index) => {
    if (index % 2 === 0) {
      return document.createTextNode(part);
    }
    const code = document.createElement('code');
    code.textContent = part;
    return code;
  });
}
