/**
 * Options that runs of a model share.
 */

/** How a program is run. */
export interface RunZpaqlPyOptions {
  /** The name of the source in errors. @default {"source"} */
  readonly name?: string | undefined;
  /** Statements that may be executed. @default {2 ** 30} */
  readonly budget?: number | undefined;
  /** Take "/" for "//", as the original compiler does. @default {false} */
  readonly allowSlash?: boolean | undefined;
}
