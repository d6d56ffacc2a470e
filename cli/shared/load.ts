/**
 * Modules that are loaded when they are needed.
 */

/**
 * Loads a module by its URL. Deno reads every module that a literal import names before it starts, whether or not the
 * call comes to it: what only some calls need is named at run time, by `import.meta.resolve`.
 */
export async function loadModule<Module>(url: string): Promise<Module> {
  return await import(url);
}
