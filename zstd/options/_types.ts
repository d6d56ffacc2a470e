/**
 * Names of zstd parameters.
 */

/** Names of the parameters that {@linkcode zstdParameterBounds} knows. */
export type ZstdParameterName =
  | "level"
  | "windowLog"
  | "hashLog"
  | "chainLog"
  | "searchLog"
  | "minMatch"
  | "targetLength"
  | "strategy"
  | "targetBlockSize"
  | "longDistance"
  | "longDistanceHashLog"
  | "longDistanceMinMatch"
  | "longDistanceBucketSizeLog"
  | "longDistanceHashRateLog"
  | "contentSize"
  | "contentChecksum"
  | "dictId"
  | "threads"
  | "jobSize"
  | "overlapLog"
  | "rsyncable"
  | "format"
  | "forceMaxWindow"
  | "literals"
  | "sizeHint"
  | "splitAfterSequences"
  | "attachDictionary"
  | "dedicatedDictionarySearch"
  | "deterministicPrefix"
  | "prefetchDictionaryTables"
  | "rowMatchFinder"
  | "maxBlockSize"
  | "blockSplitterLevel";
