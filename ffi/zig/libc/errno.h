/* No error numbers on wasm32-freestanding. */
#pragma once
