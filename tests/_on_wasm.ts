/** Preloaded where tests that name no backend are to run on WebAssembly. */
import { configureBackend } from "@sluice/ffi";

configureBackend("wasm");
