/**
 * The text with the user info and the query of every URL in it taken out: these are where credentials stand. In time
 * linear in its length.
 */
export function withoutSecrets(text: string): string {
  let at = text.indexOf("://");
  if (at === -1) return text;
  let clean = "";
  let done = 0;
  while (at !== -1) {
    const start = at + 3;
    END_OF_URL.lastIndex = start;
    const end = END_OF_URL.exec(text)?.index ?? text.length;
    clean += text.slice(done, start) + cleanUrl(text.slice(start, end));
    done = end;
    at = text.indexOf("://", end);
  }
  return clean + text.slice(done);
}

const END_OF_URL = /[\s"'`<>]/g;

/** What follows the `://` of a URL. */
function cleanUrl(rest: string): string {
  const authorityEnd = rest.search(/[/?#]/);
  const authority = authorityEnd === -1 ? rest : rest.slice(0, authorityEnd);
  const after = rest.slice(authority.length);
  const query = after.indexOf("?");
  if (query === -1) return authority.slice(authority.lastIndexOf("@") + 1) + after;
  return `${authority.slice(authority.lastIndexOf("@") + 1)}${after.slice(0, query)}?…`;
}
