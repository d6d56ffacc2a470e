/**
 * Every code of an error, what it means and what to do about it: the one table behind `SluiceErrorCode` and the page of
 * errors.
 *
 * @module
 */

/** The name of the class that carries a code. */
export type SluiceErrorClass =
  | "SluiceError"
  | "CorruptDataError"
  | "TruncatedDataError"
  | "ChecksumMismatchError"
  | "LimitExceededError"
  | "UnsupportedFeatureError"
  | "DictionaryMismatchError"
  | "NotFoundError"
  | "AmbiguousIdError"
  | "TransferError"
  | "BackendUnavailableError";

/** The stable name of a failure: one for one idea, in all packages. */
export type SluiceErrorCode =
  | "BAD_MAGIC"
  | "BAD_HEADER"
  | "HEADER"
  | "HEADER_CHECKSUM"
  | "HEADER_INCOMPLETE"
  | "NEED_MORE_INPUT"
  | "CORRUPT"
  | "BLOCK_CORRUPT"
  | "BLOCK_TOO_LARGE"
  | "BLOCK_SIZE_ID"
  | "MARK"
  | "TRUNCATED"
  | "TRUNCATED_MAGIC"
  | "NO_DATA"
  | "TRAILING_DATA"
  | "CHECKSUM_MISMATCH"
  | "CHECKSUM"
  | "SEGMENT_CHECKSUM"
  | "CONTENT_CHECKSUM"
  | "BLOCK_CHECKSUM"
  | "CONTENT_SIZE"
  | "SIZE_MISMATCH"
  | "SIZE_RANGE"
  | "INPUT_SIZE_MISMATCH"
  | "CONTENT_SIZE_REQUIRED"
  | "VERSION"
  | "LEVEL"
  | "TYPE"
  | "RESERVED"
  | "FRAME_UNSUPPORTED"
  | "UNSUPPORTED"
  | "OUTPUT_LIMIT"
  | "MEMORY_LIMIT"
  | "OUTPUT_TOO_SMALL"
  | "WINDOW_TOO_LARGE"
  | "CONTENT_LIMIT"
  | "FRAME_LIMIT"
  | "BLOCK_LIMIT"
  | "NAME_LIMIT"
  | "DELETE_LIMIT"
  | "ARRAY_LIMIT"
  | "BUDGET_EXCEEDED"
  | "OBJECT_TOO_LARGE"
  | "TABLE_TOO_LARGE"
  | "VALUE_TOO_LARGE"
  | "DICTIONARY_MISMATCH"
  | "DICT_MISMATCH"
  | "DICT_REQUIRED"
  | "DICTIONARY_HASH_MISMATCH"
  | "DICTIONARY_CORRUPT"
  | "DICTIONARY_CREATION_FAILED"
  | "SAMPLES_TOO_FEW"
  | "INDEX_INVALID"
  | "INDEX_VERSION"
  | "INDEX_ASSUMPTION"
  | "INDEX_NEEDS_CONTENT"
  | "NOT_SEEKABLE"
  | "SPLIT_INVALID"
  | "SPLIT_VERSION"
  | "STATE_INVALID"
  | "STATE_VERSION"
  | "STATE_AUTH"
  | "SEAL_MISMATCH"
  | "SOURCE_POSITION"
  | "NOT_READY"
  | "OBJECT_NOT_FOUND"
  | "AMBIGUOUS_PREFIX"
  | "BASE_MISSING"
  | "DELTA_CORRUPT"
  | "DELTA_CYCLE"
  | "CHAIN_TOO_LONG"
  | "UNRESOLVED_DELTAS"
  | "DUPLICATE_OBJECT"
  | "BAD_OBJECT_TYPE"
  | "BAD_ALTERNATE"
  | "BAD_ID"
  | "CORRUPT_PACK"
  | "CORRUPT_INDEX"
  | "ID_MISMATCH"
  | "SHA1_COLLISION"
  | "INVALID_DATABASE"
  | "UNSUPPORTED_OBJECT_FORMAT"
  | "JOURNAL"
  | "FRAGMENT"
  | "FRAGMENT_ID"
  | "STREAMING"
  | "PASSWORD"
  | "BAD_OPCODE"
  | "WORD"
  | "NUMBER"
  | "END"
  | "SIZE"
  | "NESTING"
  | "JUMP"
  | "COMMENT"
  | "COMMAND"
  | "NO_WORDS"
  | "RUN_FAILED"
  | "TRANSLATION"
  | "POST_TYPE"
  | "POST_EMPTY"
  | "POST_MISMATCH"
  | "PROGRAM_ERROR"
  | "SOURCE_CHANGED"
  | "INVALID_SOURCE"
  | "NO_RANGES"
  | "WRONG_RANGE"
  | "WRONG_ENCODING"
  | "SERVER_BUSY"
  | "NETWORK"
  | "TIMEOUT"
  | "SERVER"
  | "SESSION_LOST"
  | "AUTH"
  | "PROTOCOL"
  | "UNSUPPORTED_HASH"
  | "VERIFY_FAILED"
  | "TARGET_CHANGED"
  | "DIRTY"
  | "NOT_FOUND"
  | "EXISTS"
  | "PERMISSION"
  | "LEFT_OUT"
  | "UNSAFE_PATH"
  | "READ_ONLY"
  | "NO_SPACE"
  | "LOCKED"
  | "REFERENCE_CHANGED"
  | "IO"
  | "READ_FAILED"
  | "SYSTEM_CALL_FAILED"
  | "ABI_MISMATCH"
  | "NO_FFI"
  | "NO_PERMISSION"
  | "NOT_INSTALLED"
  | "NO_CACHE"
  | "NO_ASSET"
  | "WRONG_ASSET"
  | "NO_FILE"
  | "WRONG_SIZE"
  | "FETCH_FAILED"
  | "TRAPPED"
  | "OUT_OF_MEMORY"
  | "GENERIC"
  | "NATIVE_ONLY"
  | "WASM_FORBIDDEN"
  | "PARAMETER_UNSUPPORTED"
  | "PARAMETER_COMBINATION_UNSUPPORTED"
  | "STAGE_WRONG"
  | "INIT_MISSING"
  | "NO_PROGRESS";

/** What is known about a code. */
export interface SluiceErrorFacts {
  /** The class of the error. */
  readonly class: SluiceErrorClass;
  /** What happened. */
  readonly meaning: string;
  /** What the reader of the error can do. */
  readonly remedy: string;
}

function row(className: SluiceErrorClass, meaning: string, remedy: string): SluiceErrorFacts {
  return { class: className, meaning, remedy };
}

const DAMAGED = "Restore the file from another copy, or salvage what is left.";
const COMPLETE = "Fetch the whole file, or resume where the format allows it.";
const RAISE = "Raise the named limit if the source is trusted.";
const REPORT = "Report it with the input; use the other backend meanwhile.";

/** All codes in the order of the page. */
export const SLUICE_ERRORS: Readonly<Record<SluiceErrorCode, SluiceErrorFacts>> = {
  BAD_MAGIC: row(
    "CorruptDataError",
    "The data does not start as its format does.",
    "Check that this is a file of the format, and not encrypted.",
  ),
  BAD_HEADER: row("CorruptDataError", "A header breaks the rules of its format.", DAMAGED),
  HEADER: row("CorruptDataError", "The header of a ZPAQ block is not valid.", DAMAGED),
  HEADER_CHECKSUM: row("ChecksumMismatchError", "A frame header does not match its checksum.", DAMAGED),
  HEADER_INCOMPLETE: row(
    "TruncatedDataError",
    "More bytes are needed to read a header.",
    "Pass more of the input.",
  ),
  NEED_MORE_INPUT: row(
    "TruncatedDataError",
    "More bytes are needed to read a header.",
    "Pass more of the input.",
  ),
  CORRUPT: row("CorruptDataError", "The data breaks the rules of its format.", DAMAGED),
  BLOCK_CORRUPT: row("CorruptDataError", "A block can't be decoded.", DAMAGED),
  BLOCK_TOO_LARGE: row("CorruptDataError", "A block is larger than its frame allows.", DAMAGED),
  BLOCK_SIZE_ID: row(
    "CorruptDataError",
    "A frame header names a block size that the format does not have.",
    DAMAGED,
  ),
  MARK: row(
    "CorruptDataError",
    "A byte between the parts of a ZPAQ block is not one that may stand there.",
    DAMAGED,
  ),
  TRUNCATED: row("TruncatedDataError", "The data ends before the format allows it.", COMPLETE),
  TRUNCATED_MAGIC: row("TruncatedDataError", "The data ends inside the magic number of a frame.", COMPLETE),
  NO_DATA: row("TruncatedDataError", "There is no data at all.", "Check that the input is not empty."),
  TRAILING_DATA: row(
    "CorruptDataError",
    "Bytes follow the end of the content.",
    "Ask for the trailing bytes to be ignored, or cut them off.",
  ),
  CHECKSUM_MISMATCH: row("ChecksumMismatchError", "The content does not match its checksum.", DAMAGED),
  CHECKSUM: row("ChecksumMismatchError", "The content of a ZPAQ segment does not match its SHA-1.", DAMAGED),
  SEGMENT_CHECKSUM: row(
    "ChecksumMismatchError",
    "Part of an index does not match its checksum.",
    "Build the index again.",
  ),
  CONTENT_CHECKSUM: row(
    "ChecksumMismatchError",
    "The content of an LZ4 frame does not match its checksum.",
    DAMAGED,
  ),
  BLOCK_CHECKSUM: row("ChecksumMismatchError", "A block does not match its checksum.", DAMAGED),
  CONTENT_SIZE: row("CorruptDataError", "The content has another size than declared.", DAMAGED),
  SIZE_MISMATCH: row("CorruptDataError", "A value has another size than declared.", DAMAGED),
  SIZE_RANGE: row("CorruptDataError", "A size is larger than numbers can be exact.", DAMAGED),
  INPUT_SIZE_MISMATCH: row(
    "CorruptDataError",
    "The input has another size than was announced before it was compressed.",
    "Announce the exact size, or none.",
  ),
  CONTENT_SIZE_REQUIRED: row(
    "CorruptDataError",
    "The frame does not declare its content size, which this call needs.",
    "Use the streaming call.",
  ),
  VERSION: row(
    "UnsupportedFeatureError",
    "The format version is not supported.",
    "Use a later version of sluice.",
  ),
  LEVEL: row(
    "UnsupportedFeatureError",
    "A ZPAQ block has a level that is not supported.",
    "Use a later version of sluice.",
  ),
  TYPE: row(
    "UnsupportedFeatureError",
    "A ZPAQ block has a type that is not supported.",
    "Use a later version of sluice.",
  ),
  RESERVED: row(
    "UnsupportedFeatureError",
    "A bit that the format reserves is set.",
    "Use a later version of sluice, or restore the file.",
  ),
  FRAME_UNSUPPORTED: row(
    "UnsupportedFeatureError",
    "A frame header asks for something that is not supported.",
    "Use a later version of sluice.",
  ),
  UNSUPPORTED: row(
    "UnsupportedFeatureError",
    "Something is asked for that is not supported here.",
    "See the message.",
  ),
  OUTPUT_LIMIT: row("LimitExceededError", "The content is larger than the limit.", RAISE),
  MEMORY_LIMIT: row("LimitExceededError", "More memory is needed than the limit allows.", RAISE),
  OUTPUT_TOO_SMALL: row("LimitExceededError", "The target has too little room.", "Pass a larger target."),
  WINDOW_TOO_LARGE: row("LimitExceededError", "The window of a frame is larger than the limit.", RAISE),
  CONTENT_LIMIT: row("LimitExceededError", "The content of a block is larger than the limit.", RAISE),
  FRAME_LIMIT: row("LimitExceededError", "There are more frames than the limit allows.", RAISE),
  BLOCK_LIMIT: row("LimitExceededError", "There are more blocks than the limit allows.", RAISE),
  DELETE_LIMIT: row("LimitExceededError", "More names would be removed than the limit allows.", RAISE),
  NAME_LIMIT: row("LimitExceededError", "A name is longer than the limit.", RAISE),
  ARRAY_LIMIT: row(
    "SluiceError",
    "A model in Python asks for an array that is too large.",
    "Make the array smaller.",
  ),
  BUDGET_EXCEEDED: row("LimitExceededError", "A program of an archive runs longer than its budget.", RAISE),
  OBJECT_TOO_LARGE: row("LimitExceededError", "A git object is larger than the limit.", RAISE),
  TABLE_TOO_LARGE: row("LimitExceededError", "A table is larger than the limit.", RAISE),
  VALUE_TOO_LARGE: row(
    "LimitExceededError",
    "A value is larger than the backend can hold.",
    "Pass it in parts.",
  ),
  DICTIONARY_MISMATCH: row(
    "DictionaryMismatchError",
    "The frame needs another dictionary.",
    "Pass the dictionary that it names.",
  ),
  DICT_MISMATCH: row(
    "DictionaryMismatchError",
    "The LZ4 frame or state needs another dictionary.",
    "Pass the dictionary that it names.",
  ),
  DICT_REQUIRED: row(
    "DictionaryMismatchError",
    "The LZ4 frame needs a dictionary.",
    "Pass the dictionary that it was made with.",
  ),
  DICTIONARY_HASH_MISMATCH: row(
    "DictionaryMismatchError",
    "The dictionary has another hash than the data names.",
    "Pass the dictionary that it names.",
  ),
  DICTIONARY_CORRUPT: row("CorruptDataError", "The dictionary is corrupt.", "Restore or train it again."),
  DICTIONARY_CREATION_FAILED: row(
    "SluiceError",
    "No dictionary can be made of these samples.",
    "Pass more, and more alike, samples.",
  ),
  SAMPLES_TOO_FEW: row(
    "SluiceError",
    "There are too few samples to train a dictionary.",
    "Pass more samples.",
  ),
  INDEX_INVALID: row("CorruptDataError", "An index is not valid.", "Build the index again."),
  INDEX_VERSION: row(
    "UnsupportedFeatureError",
    "An index has a version that is not supported.",
    "Build the index again.",
  ),
  INDEX_ASSUMPTION: row(
    "CorruptDataError",
    "An index was made by headers alone, and the content is not as they suggest.",
    "Build the index by decoding.",
  ),
  INDEX_NEEDS_CONTENT: row(
    "UnsupportedFeatureError",
    "Headers alone do not suffice for this index.",
    "Build the index by decoding.",
  ),
  NOT_SEEKABLE: row(
    "UnsupportedFeatureError",
    "The file has no table of its frames.",
    "Build an index, or read it from the start.",
  ),
  SPLIT_INVALID: row("CorruptDataError", "A split of a plan is not valid.", "Make the plan again."),
  SPLIT_VERSION: row(
    "UnsupportedFeatureError",
    "A split of a plan has a version that is not supported.",
    "Make the plan again, with the version that reads it.",
  ),
  STATE_INVALID: row("CorruptDataError", "A saved state is not valid.", "Start again."),
  STATE_VERSION: row(
    "UnsupportedFeatureError",
    "A saved state has a version that is not supported.",
    "Use the version that saved it, or start again.",
  ),
  STATE_AUTH: row("SluiceError", "A saved state is not sealed with this key.", "Use the key that sealed it."),
  SEAL_MISMATCH: row(
    "CorruptDataError",
    "Encrypted data was changed, or another key encrypted it.",
    "Use the key that encrypted it, or restore the data.",
  ),
  SOURCE_POSITION: row(
    "SluiceError",
    "A source does not cover the place where reading goes on.",
    "Pass a source that starts there.",
  ),
  NOT_READY: row(
    "SluiceError",
    "Something is asked for that is only known later.",
    "Ask once the input has got that far.",
  ),
  OBJECT_NOT_FOUND: row(
    "NotFoundError",
    "No object of a git database has this id.",
    "Check the id and the database.",
  ),
  AMBIGUOUS_PREFIX: row("AmbiguousIdError", "An abbreviated id fits several objects.", "Use more digits."),
  BASE_MISSING: row(
    "CorruptDataError",
    "The base of a delta is missing.",
    "Complete the pack with its bases.",
  ),
  DELTA_CORRUPT: row("CorruptDataError", "A delta is corrupt or does not fit its base.", DAMAGED),
  DELTA_CYCLE: row("CorruptDataError", "A delta leads back to itself.", DAMAGED),
  CHAIN_TOO_LONG: row("CorruptDataError", "A chain of deltas is too long or leads back to itself.", DAMAGED),
  UNRESOLVED_DELTAS: row(
    "CorruptDataError",
    "A pack has deltas whose bases are nowhere.",
    "Complete the pack with its bases.",
  ),
  DUPLICATE_OBJECT: row("CorruptDataError", "An object comes twice.", "Make the pack again."),
  BAD_OBJECT_TYPE: row("CorruptDataError", "An object has a type that git does not have.", DAMAGED),
  BAD_ALTERNATE: row(
    "SluiceError",
    "An alternate object folder can't be used.",
    "Correct objects/info/alternates.",
  ),
  BAD_ID: row(
    "SluiceError",
    "A value is no full object id of the database's hash.",
    "Resolve the name first.",
  ),
  CORRUPT_PACK: row("CorruptDataError", "A pack is corrupt.", DAMAGED),
  CORRUPT_INDEX: row(
    "CorruptDataError",
    "The index of a pack is corrupt.",
    "Build it again with index-pack.",
  ),
  ID_MISMATCH: row("CorruptDataError", "The content of an object does not hash to its id.", DAMAGED),
  SHA1_COLLISION: row(
    "CorruptDataError",
    "The content was made to collide with other content under SHA-1.",
    "Do not use the object.",
  ),
  INVALID_DATABASE: row("NotFoundError", "A folder is no git object database.", "Check the path."),
  UNSUPPORTED_OBJECT_FORMAT: row(
    "UnsupportedFeatureError",
    "The repository uses a format of objects that is not supported.",
    "Use a later version of sluice.",
  ),
  JOURNAL: row("CorruptDataError", "A block of a journaling archive is not valid.", DAMAGED),
  FRAGMENT: row("ChecksumMismatchError", "A fragment does not match its SHA-1.", DAMAGED),
  FRAGMENT_ID: row("CorruptDataError", "A file names a fragment that no block has.", DAMAGED),
  STREAMING: row(
    "UnsupportedFeatureError",
    "The archive is a streaming archive, which this call does not take.",
    "Extract it and archive it again.",
  ),
  PASSWORD: row(
    "SluiceError",
    "The password does not fit the archive.",
    "Pass the right password; pass none for an archive that is not encrypted.",
  ),
  BAD_OPCODE: row("CorruptDataError", "A program has an instruction that does not exist.", DAMAGED),
  WORD: row(
    "SluiceError",
    "A word of a config is not one that may stand there.",
    "Correct the config at the place that the message names.",
  ),
  NUMBER: row(
    "SluiceError",
    "A number of a config is none, or out of range.",
    "Correct the config at the place that the message names.",
  ),
  END: row(
    "SluiceError",
    "A config ends before its last section does.",
    "Correct the config at the place that the message names.",
  ),
  SIZE: row(
    "SluiceError",
    "A section of a config is too large.",
    "Correct the config at the place that the message names.",
  ),
  NESTING: row(
    "SluiceError",
    "Blocks of a config do not fit together.",
    "Correct the config at the place that the message names.",
  ),
  JUMP: row(
    "SluiceError",
    "A jump of a config leads too far.",
    "Correct the config at the place that the message names.",
  ),
  COMMENT: row(
    "SluiceError",
    "A comment of a config does not end.",
    "Correct the config at the place that the message names.",
  ),
  COMMAND: row(
    "SluiceError",
    "The command of a config does not end.",
    "Correct the config at the place that the message names.",
  ),
  NO_WORDS: row(
    "UnsupportedFeatureError",
    "A byte of a program is no instruction that has a name.",
    "Run it instead of reading it.",
  ),
  RUN_FAILED: row(
    "SluiceError",
    "A model in Python failed while it ran.",
    "Correct the line that the message names.",
  ),
  TRANSLATION: row(
    "SluiceError",
    "Compiled code does not do what its source says.",
    "Compile at another level, and report the program: it is a fault of the compiler.",
  ),
  POST_TYPE: row("CorruptDataError", "A segment names a post-processing that does not exist.", DAMAGED),
  POST_EMPTY: row("CorruptDataError", "A post-processing program is empty.", DAMAGED),
  POST_MISMATCH: row(
    "CorruptDataError",
    "The post-processor does not restore what was compressed.",
    "Correct the config or its preprocessor.",
  ),
  PROGRAM_ERROR: row("CorruptDataError", "A program of an archive ended with an error.", DAMAGED),
  SOURCE_CHANGED: row(
    "TransferError",
    "The source changed while it was read.",
    "Start again with the new version.",
  ),
  INVALID_SOURCE: row("SluiceError", "A source does not keep to its contract.", "Correct the source."),
  NO_RANGES: row(
    "TransferError",
    "The server does not answer ranges.",
    "Download the file first, or use another server.",
  ),
  WRONG_RANGE: row(
    "TransferError",
    "The server sent another range than asked for.",
    "Use another server or proxy.",
  ),
  WRONG_ENCODING: row(
    "TransferError",
    "The server compressed its answer, though plain bytes were requested.",
    "Use another server or proxy.",
  ),
  SERVER_BUSY: row("TransferError", "The server stays busy.", "Try again later."),
  NETWORK: row("TransferError", "The connection failed.", "Try again; the copy goes on where it was."),
  TIMEOUT: row("TransferError", "Nothing came for too long.", "Try again; the copy goes on where it was."),
  SESSION_LOST: row(
    "TransferError",
    "The server no longer knows the upload.",
    "Start the upload again: what the server has is used.",
  ),
  SERVER: row("TransferError", "The server failed.", "See the server's log."),
  AUTH: row("TransferError", "The server does not accept the token.", "Pass the right token."),
  PROTOCOL: row(
    "CorruptDataError",
    "The peer does not keep to the protocol.",
    "Use matching versions on both sides.",
  ),
  UNSUPPORTED_HASH: row(
    "UnsupportedFeatureError",
    "The peer asks for a hash that is not supported.",
    "Choose another hash.",
  ),
  VERIFY_FAILED: row(
    "ChecksumMismatchError",
    "What was copied does not match the source.",
    "Run the copy again.",
  ),
  TARGET_CHANGED: row(
    "SluiceError",
    "The target changed while it was written.",
    "Stop the other writer and run again.",
  ),
  DIRTY: row("SluiceError", "The target is incomplete.", "Run the same copy again to complete it."),
  NOT_FOUND: row("NotFoundError", "What was asked for by name does not exist.", "Check the name."),
  EXISTS: row(
    "SluiceError",
    "Something is there already, and is not replaced.",
    "Choose another name, or allow to replace it where there is an option for that.",
  ),
  PERMISSION: row("SluiceError", "The system does not allow it.", "Change permissions or the user."),
  LEFT_OUT: row(
    "SluiceError",
    "An archive has no place for a pipe, socket or device of a folder, or for a time.",
    "Nothing, or leave it out with `exclude`.",
  ),
  UNSAFE_PATH: row(
    "SluiceError",
    "A name would be restored outside the folder.",
    "Restore to a folder with `to`, or allow it with `unsafePaths`.",
  ),
  READ_ONLY: row("SluiceError", "The target can only be read.", "Choose another target."),
  NO_SPACE: row("SluiceError", "The disk is full.", "Free some space and run again."),
  REFERENCE_CHANGED: row(
    "SluiceError",
    "A reference of a git repository holds another object than expected, or its name is taken.",
    "Read it again and decide anew.",
  ),
  LOCKED: row(
    "SluiceError",
    "Another process holds the lock.",
    "Wait for it; remove the lock if it is gone.",
  ),
  IO: row("SluiceError", "The system failed to read or write.", "See the message."),
  READ_FAILED: row("SluiceError", "The system failed to read a file.", "See the message."),
  SYSTEM_CALL_FAILED: row("SluiceError", "The system refused to read or write a file.", "See the message."),
  ABI_MISMATCH: row(
    "BackendUnavailableError",
    "The native library belongs to another version.",
    "Install the library of this version.",
  ),
  NO_FFI: row("BackendUnavailableError", "The runtime has no foreign functions.", "Use the WASM backend."),
  NO_PERMISSION: row(
    "BackendUnavailableError",
    "The runtime may not load the library.",
    "Allow it with --allow-ffi.",
  ),
  NOT_INSTALLED: row(
    "BackendUnavailableError",
    "The native library is not installed.",
    "Run `sluice native install`.",
  ),
  NO_CACHE: row(
    "BackendUnavailableError",
    "There is no folder for the native library.",
    "Set XDG_CACHE_HOME or HOME.",
  ),
  NO_ASSET: row(
    "BackendUnavailableError",
    "There is no native library for this system.",
    "Use the WASM backend.",
  ),
  WRONG_ASSET: row(
    "ChecksumMismatchError",
    "A downloaded library is not the one of this version.",
    "Check the address it came from.",
  ),
  NO_FILE: row("SluiceError", "A path is no regular file.", "Check the path."),
  WRONG_SIZE: row("TruncatedDataError", "A download has another size than expected.", "Try again."),
  FETCH_FAILED: row(
    "TransferError",
    "The native library can't be downloaded.",
    "Check the network, or give --from.",
  ),
  TRAPPED: row("BackendUnavailableError", "The WASM module stopped.", REPORT),
  OUT_OF_MEMORY: row(
    "BackendUnavailableError",
    "The system has no more memory, or the 4 GiB of WASM are full.",
    "Lower limits, threads or window sizes.",
  ),
  GENERIC: row("BackendUnavailableError", "The codec failed in a way that no input should cause.", REPORT),
  WASM_FORBIDDEN: row(
    "BackendUnavailableError",
    "The host does not let WebAssembly be compiled while it runs.",
    "Give compiled modules to `configureBackend({ modules })`, or import `@sluice/zstd/decode-js` or `@sluice/lz4/decode-js`.",
  ),
  NATIVE_ONLY: row(
    "BackendUnavailableError",
    "Only the native backend does this.",
    "Use the native backend.",
  ),
  PARAMETER_UNSUPPORTED: row(
    "UnsupportedFeatureError",
    "The backend does not support a parameter.",
    "Use the native backend or leave it out.",
  ),
  PARAMETER_COMBINATION_UNSUPPORTED: row(
    "UnsupportedFeatureError",
    "These parameters do not go together.",
    "Leave one of them out.",
  ),
  STAGE_WRONG: row("BackendUnavailableError", "A codec was called out of order.", REPORT),
  INIT_MISSING: row("BackendUnavailableError", "A codec was used before it was set up.", REPORT),
  NO_PROGRESS: row("BackendUnavailableError", "A codec makes no progress.", REPORT),
};
