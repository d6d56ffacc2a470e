/**
 * Modules that are loaded when they are needed.
 */

/**
 * Loads modules beside the one of this URL, by their relative path. Deno reads every module that a literal import names
 * before it starts, whether or not the call comes to it, and most of the time of a short call would be that of loading
 * what other calls need: that is named at run time.
 */
export function loaderBeside(url: string): <Module>(path: string) => Promise<Module> {
  return (path) => import(new URL(path, url).href);
}
