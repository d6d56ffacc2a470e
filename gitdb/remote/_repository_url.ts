/**
 * The URLs that name repositories.
 */

/**
 * Reads the URL of a repository.
 *
 * @throws {RangeError} If it is none of HTTP, or has a query or a fragment: requests add to the path, and lose both.
 */
export function repositoryUrl(text: string | URL): URL {
  if (!URL.canParse(text)) throw new RangeError(`Cannot reach "${text}": it is no URL`);
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) {
    throw new RangeError(`Cannot reach a repository by "${url.protocol}": expected https: or http:`);
  }
  if (url.search !== "" || url.hash !== "") {
    const extra = url.search === "" ? "fragment" : "query";
    throw new RangeError(
      `Cannot reach a repository by a URL with a ${extra}: its address ends with its path`,
    );
  }
  return url;
}
