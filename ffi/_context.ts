/**
 * The life of one codec context: freed once, never under a running call, and counted while it lives.
 */
import type { Handle, Library } from "./_library.ts";

let live = 0;

/** How many contexts of all codecs are alive in this isolate; leak tests expect it back where it was. */
export function liveContextCount(): number {
  return live;
}

/** What is freed when a context was forgotten instead of closed. */
const forgotten = new FinalizationRegistry<() => void>((free) => free());

/** One context in a backend. Its kernel uses `handle`; closing it waits for a call that is under way. */
export class Context {
  readonly #library: Library<unknown>;
  readonly #free: (handle: Handle) => void;
  #handle: Handle;
  #running = 0;
  #closing = false;

  /** Takes over a fresh handle and the function that frees it. */
  constructor(library: Library<unknown>, handle: Handle, free: (handle: Handle) => void) {
    this.#library = library;
    this.#handle = handle;
    this.#free = free;
    live++;
    library.retain();
    forgotten.register(this, () => release(library, handle, free), this);
  }

  /**
   * The handle, for a call.
   *
   * @throws {TypeError} If the context is closed, or a call off the event loop is under way.
   */
  get handle(): Handle {
    if (this.#closing) throw new TypeError("Cannot use the codec: it is closed");
    if (this.#running > 0) throw new TypeError("Cannot use the codec: an asynchronous call is under way");
    return this.#handle;
  }

  /**
   * The handle, for calls that may run beside those of `share`.
   *
   * @throws {TypeError} If the context is closed.
   */
  get sharedHandle(): Handle {
    if (this.#closing) throw new TypeError("Cannot use the codec: it is closed");
    return this.#handle;
  }

  /** Whether `close` has been called. */
  get closed(): boolean {
    return this.#closing;
  }

  /** Runs a call off the event loop; the context can't be used or freed until it settles. */
  async run<T>(call: (handle: Handle) => Promise<T>): Promise<T> {
    const handle = this.handle;
    this.#running++;
    try {
      return await call(handle);
    } finally {
      this.#running--;
      if (this.#closing) this.#release();
    }
  }

  /** As `run`, for contexts that any number of calls may use at the same time. */
  async share<T>(call: (handle: Handle) => Promise<T>): Promise<T> {
    const handle = this.sharedHandle;
    this.#running++;
    try {
      return await call(handle);
    } finally {
      this.#running--;
      if (this.#closing && this.#running === 0) this.#release();
    }
  }

  /** Frees the context now, or when the running call ends. Calling it again does nothing. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    forgotten.unregister(this);
    if (this.#running === 0) this.#release();
  }

  #release(): void {
    const handle = this.#handle;
    this.#handle = null;
    release(this.#library, handle, this.#free);
  }
}

function release(library: Library<unknown>, handle: Handle, free: (handle: Handle) => void): void {
  free(handle);
  library.release();
  live--;
}

/** Something that contexts refer to, such as a digested dictionary: freed when it is closed and nothing refers to it. */
export class SharedContext {
  readonly #context: Context;
  readonly library: Library<unknown>;
  #users = 0;
  #closing = false;

  /** Takes over a fresh handle and the function that frees it. */
  constructor(library: Library<unknown>, handle: Handle, free: (handle: Handle) => void) {
    this.library = library;
    this.#context = new Context(library, handle, free);
  }

  /** The handle, for a context of the same library. */
  get handle(): Handle {
    return this.#context.handle;
  }

  /** Says that a context refers to this. */
  retain(): void {
    this.#users++;
  }

  /** Takes back one `retain`. */
  release(): void {
    this.#users--;
    this.#free();
  }

  /** Frees it now, or when the last context has let go. Calling it again does nothing. */
  close(): void {
    this.#closing = true;
    this.#free();
  }

  #free(): void {
    if (this.#closing && this.#users === 0) this.#context.close();
  }
}

/** A place for the shared context that a codec context refers to; the codec's free function empties it last. */
export class SharedSlot {
  #current: SharedContext | undefined;

  /** What is referred to now. */
  get current(): SharedContext | undefined {
    return this.#current;
  }

  /** Refers to another one, or to none. */
  set(next: SharedContext | undefined): void {
    next?.retain();
    this.#current?.release();
    this.#current = next;
  }
}
