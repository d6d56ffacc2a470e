/**
 * Stand-in for `jsr:@std/cli`: what this project uses, with the same names, types and behaviour.
 *
 * @module
 */
export * from "./parse_args.ts";
export * from "./prompt_secret.ts";
