/**
 * One owner for every native object: made through a handle, freed once, never under a running call, never before what
 * was made from it, and counted while it lives.
 *
 * @module
 */
import type { Library, Pointer } from "./_library.ts";
import { RESULT } from "./_abi.gen.ts";
import { resultError } from "./result_error.ts";

/** How a native object is made and freed. */
export interface HandleOrigin<Functions> {
  /** The format that it works on, for the error when there is no memory. */
  readonly format: string;
  /** What making it is called in that error: "make a decompression context". */
  readonly action: string;
  /** Makes the object; `parent` is the pointer of the handle that it is made from. */
  make(functions: Functions, parent: Pointer): Pointer;
  /** The function that frees it. */
  readonly free: keyof Functions & string;
}

/**
 * What is freed in the end. It knows nothing of its handle, so that a handle which nobody closed can be collected; the
 * registry of its library then closes it.
 */
class Ownership {
  readonly #library: Library<unknown>;
  readonly #free: string;
  readonly parent: Ownership | undefined;
  #used: Ownership | undefined;
  /** Running calls, and objects that were made from this one or refer to it. */
  #holds = 0;
  #closing = false;
  pointer: Pointer;

  constructor(library: Library<unknown>, pointer: Pointer, free: string, parent: Ownership | undefined) {
    this.#library = library;
    this.#free = free;
    this.parent = parent;
    this.pointer = pointer;
    parent?.hold();
    library.retain();
  }

  get closing(): boolean {
    return this.#closing;
  }

  get holds(): number {
    return this.#holds;
  }

  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    this.#holds--;
    if (this.#closing && this.#holds === 0) this.#end();
  }

  /** Refers to another object, or to none: that one stays until this one refers to another or is freed. */
  use(next: Ownership | undefined): void {
    next?.hold();
    this.#used?.letGo();
    this.#used = next;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#holds === 0) this.#end();
  }

  #end(): void {
    const functions = this.#library.functions as Record<string, (pointer: Pointer) => void>;
    functions[this.#free]!(this.pointer);
    this.pointer = null;
    this.#library.release();
    this.use(undefined);
    this.parent?.letGo();
  }
}

/** One native object in a backend. Its kernel uses `pointer`; closing it waits for calls under way and for children. */
export class Handle<Functions> implements Disposable {
  /** The library that the object lives in. */
  readonly library: Library<Functions>;
  readonly #ownership: Ownership;
  #exclusive = false;

  /**
   * Makes the object.
   *
   * @throws {BackendUnavailableError} If there is no memory for it (code "OUT_OF_MEMORY").
   * @throws {TypeError} If the parent is closed.
   */
  constructor(library: Library<Functions>, origin: HandleOrigin<Functions>, parent?: Handle<Functions>) {
    const pointer = origin.make(library.functions, parent === undefined ? null : parent.sharedPointer);
    if (!pointer) {
      throw resultError({ format: origin.format, action: origin.action, result: RESULT.OUT_OF_MEMORY });
    }
    this.library = library;
    this.#ownership = new Ownership(library, pointer, origin.free, Handle.#ownershipOf(parent));
    library.watch(this, this.#ownership);
  }

  static #ownershipOf<Functions>(handle: Handle<Functions> | undefined): Ownership | undefined {
    return handle === undefined ? undefined : handle.#ownership;
  }

  /** Makes an object from this one; this one stays until that is freed. */
  child(origin: HandleOrigin<Functions>): Handle<Functions> {
    return new Handle(this.library, origin, this);
  }

  /**
   * The pointer, for a call.
   *
   * @throws {TypeError} If the handle is closed, or a call off the event loop is under way.
   */
  get pointer(): Pointer {
    if (this.#exclusive) throw new TypeError("Cannot use the codec: an asynchronous call is under way");
    return this.sharedPointer;
  }

  /**
   * The pointer, for objects that any number of calls may use at the same time.
   *
   * @throws {TypeError} If the handle is closed.
   */
  get sharedPointer(): Pointer {
    if (this.#ownership.closing) throw new TypeError("Cannot use the codec: it is closed");
    return this.#ownership.pointer;
  }

  /**
   * The pointer of the parent, which stays as long as this handle is not closed, even where the parent is.
   *
   * @throws {TypeError} If this handle is closed.
   */
  get parentPointer(): Pointer {
    void this.sharedPointer;
    return this.#ownership.parent?.pointer ?? null;
  }

  /** Whether `close` has been called. */
  get closed(): boolean {
    return this.#ownership.closing;
  }

  /** Whether calls are under way, or objects exist that were made from this one or refer to it. */
  get busy(): boolean {
    return this.#ownership.holds > 0;
  }

  /** Runs a call off the event loop; nothing else can use the object until it settles. */
  async run<T>(call: (pointer: Pointer) => Promise<T>): Promise<T> {
    const pointer = this.pointer;
    this.#exclusive = true;
    this.#ownership.hold();
    try {
      return await call(pointer);
    } finally {
      this.#exclusive = false;
      this.#ownership.letGo();
    }
  }

  /** As `run`, for objects that any number of calls may use at the same time. */
  async share<T>(call: (pointer: Pointer) => Promise<T>): Promise<T> {
    const pointer = this.sharedPointer;
    this.#ownership.hold();
    try {
      return await call(pointer);
    } finally {
      this.#ownership.letGo();
    }
  }

  /** Says that the object refers to another one from now on, or to none; that one stays as long as it does. */
  use(other: Handle<Functions> | undefined): void {
    if (other?.closed) throw new TypeError("Cannot use the codec: what it is to refer to is closed");
    this.#ownership.use(Handle.#ownershipOf(other));
  }

  /** Frees the object now, or when the last call has ended and the last child is freed. A second call does nothing. */
  close(): void {
    if (this.closed) return;
    this.library.unwatch(this);
    this.#ownership.close();
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
