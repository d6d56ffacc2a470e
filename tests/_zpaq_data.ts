/**
 * ZPAQ archives and corpora whose bytes are known.
 */
const HEX = {
  cm:
    "376b5374a03183d38cb228b0d37a505101010b00000000000102090400380001696e2e747874000000ff3b89b7f6f82f62d3dcf36e19c2417500000000fdd07c73f7e22bd4c5ed6d48e051c46789ad41b72bff",
  icm:
    "376b5374a03183d38cb228b0d37a505101010a000000000001030200380001696e2e747874000000ff52e37a41d6c46a4ba2e77cf88f81382400000000fdd07c73f7e22bd4c5ed6d48e051c46789ad41b72bff",
  match:
    "376b5374a03183d38cb228b0d37a505101010d00000000000104040600343c380001696e2e747874000000ff00291ed39a1ecf074295c9e55df778bd5d0700000000fdd07c73f7e22bd4c5ed6d48e051c46789ad41b72bff",
  const:
    "376b5374a03183d38cb228b0d37a505101010a00000000000101a000380001696e2e747874000000fffffffb509bd42e2c8b25411d3ecc931fe4725cd8d0ba728c41d8396195237c427f93c517de9ec1e3b6c42d63ca28caffc60000000000fdd07c73f7e22bd4c5ed6d48e051c46789ad41b72bff",
  all9:
    "376b5374a03183d38cb228b0d37a505101015e00040200000b01a0020c0a0304040608050102640608010218ff0804020708000718ff090807083c060007081000070008020c000012684a5f0134cf097019043b093b700a19469718850170191945cf087019043b7019341945cf0870380001696e2e747874000000ffc352a433ed3b97e6c8800060540e6ff200000000fdd07c73f7e22bd4c5ed6d48e051c46789ad41b72bff",
  lvl1:
    "376b5374a03183d38cb228b0d37a505101011a00010200000203100813000060041c3b0a3b70190a3b0a3b7038000168656c6c6f2e7478740032300000ff817e518c030905996bfcaa711b370cb00000000000fded0c597b04aa9a8c00d699a3aae7802d90224970ff",
  lvl2:
    "376b5374a03183d38cb228b0d37a50510101450003030000080305080d000811010812020812030813040416180710000718ff0011684a045f013b700a193b700a193b700a193b700a193b700a193b0a3b701945cf087038000168656c6c6f2e7478740032300000ff16ac7e047995978d1511907fbeb8bf00000000fded0c597b04aa9a8c00d699a3aae7802d90224970ff",
  lvl3:
    "376b5374a03183d38cb228b0d37a50510101c400050900001601a00305080d010810020812030813040813050814060416180311081309030d030d030d030e0710000f18ff070800100aff06000f10180009081120ff0608111210ff09101320ff0600131410000011684a045f023b700a193b700a193b700a193b700a193b700a193b0a3b700a193b700a1945b720ef402f0ee75b2f0a193c1a30869714703f0946df00270319701a3419194a0a043b70190a043b70190a043b7019418fd448043b70088fd80844af3c3c1945cf097019191919197038000168656c6c6f2e7478740032300000ff9a697cdf7cbe184836e0be8d8cd0c800000000fded0c597b04aa9a8c00d699a3aae7802d90224970ff",
  stored:
    "376b5374a03183d38cb228b0d37a505102010e00091000000000126887ff587238000168656c6c6f2e747874003230203230313931323331323335393538207533333138380000000000150068656c6c6f2c2068656c6c6f2c2068656c6c6f0a00000000fded0c597b04aa9a8c00d699a3aae7802d90224970ff",
} as const;

/** Names of the small archives. */
export type VectorName = keyof typeof HEX;

/** A small archive of one block. */
export interface Vector {
  readonly name: VectorName;
  readonly archive: Uint8Array<ArrayBuffer>;
  readonly content: string;
  /** The header of its block. */
  readonly header: Uint8Array<ArrayBuffer>;
}

const HELLO = new Set(["lvl1", "lvl2", "lvl3", "stored"]);
const HEADER_OFFSET = 18;

/** Archives of every kind of component, made by zpaqd and zpaq. */
export const VECTORS: readonly Vector[] = Object.entries(HEX).map(([name, hex]) => {
  const archive = Uint8Array.fromHex(hex);
  const size = archive[HEADER_OFFSET]! + 256 * archive[HEADER_OFFSET + 1]! + 2;
  return {
    name: name as VectorName,
    archive,
    content: HELLO.has(name) ? "hello, hello, hello\n" : "abracadabra abracadabra",
    header: archive.slice(HEADER_OFFSET, HEADER_OFFSET + size),
  };
});

/** One of the small archives. */
export function vector(name: VectorName): Vector {
  return VECTORS.find((candidate) => candidate.name === name)!;
}

function* draws(seed: number): Generator<number, never, undefined> {
  let x = seed;
  while (true) {
    x = Math.imul(x, 1664525) + 1013904223 >>> 0;
    yield x >>> 16;
  }
}

const WORDS =
  "the of and to in is that it for was on are as with his they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more"
    .split(" ");

function makeText(): Uint8Array<ArrayBuffer> {
  const draw = draws(1);
  let text = "";
  while (text.length < 400_000) {
    const word = WORDS[(draw.next().value * 59) >>> 16]!;
    text += draw.next().value < 4000 ? word[0]!.toUpperCase() + word.slice(1) : word;
    const r = draw.next().value;
    text += r < 5000 ? ".\n" : r < 9000 ? ", " : " ";
  }
  return new TextEncoder().encode(text.slice(0, 400_000));
}

function makeExe(): Uint8Array<ArrayBuffer> {
  const draw = draws(3);
  const next = (end: number): number => draw.next().value % end;
  const bytes: number[] = [];
  while (bytes.length < 300_000) {
    switch (next(8)) {
      case 0: {
        const t = next(4096) * 16 - bytes.length - 5;
        bytes.push(0xe8, t & 255, t >> 8 & 255, t >> 16 & 255, t >> 24 & 255);
        break;
      }
      case 1:
        bytes.push(0x8b, 0x45, next(32) * 4);
        break;
      case 2:
        bytes.push(0x89, 0x44, 0x24, next(16) * 4);
        break;
      case 3:
        bytes.push(0x55, 0x89, 0xe5, 0x83, 0xec, next(8) * 8);
        break;
      case 4:
        bytes.push(0x85, 0xc0, 0x74, next(64));
        break;
      case 5:
        bytes.push(0xc9, 0xc3);
        break;
      case 6:
        bytes.push(0x8b, 0x5d, next(256));
        break;
      default:
        bytes.push(0x83, 0xc0, next(16));
    }
  }
  return Uint8Array.from(bytes.slice(0, 300_000));
}

function makeRandom(): Uint8Array<ArrayBuffer> {
  const draw = draws(2);
  return Uint8Array.from({ length: 200_000 }, () => draw.next().value & 255);
}

/** Content of five kinds. */
export const CORPORA: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  text: makeText(),
  rnd: makeRandom(),
  exe: makeExe(),
  zero: new Uint8Array(700_000),
  hello: new TextEncoder().encode("hello, hello, hello\n"),
};

/** Sizes and SHA-1 prefixes of the archives that zpaq 7.15 makes of each, by level from 0. */
export const EXPECTED_ARCHIVES: Readonly<Record<string, readonly string[]>> = {
  text: [
    "400999 af4bdf84386b",
    "151157 de42cf2764e8",
    "139288 72a7e25c33ec",
    "83727 82ac70763212",
    "83727 82ac70763212",
    "80681 b7699622b05f",
  ],
  rnd: [
    "200922 18143cf6882b",
    "200929 8fa32c666761",
    "200929 8fa32c666761",
    "200929 8fa32c666761",
    "200929 8fa32c666761",
    "201228 755e6937dd84",
  ],
  exe: [
    "300926 024205f9b068",
    "157493 3b5f7627c3ed",
    "145466 0b33e181f6e0",
    "100106 4d2944a1f341",
    "90181 20a5367ae034",
    "86138 563879b767fe",
  ],
  zero: [
    "80674 41f3de3a347a",
    "1139 9be9eaacc2d0",
    "1133 fa2ae09ba079",
    "942 357bd4130174",
    "942 357bd4130174",
    "1058 a678a868fe6d",
  ],
  hello: [
    "801 87dbb64951e4",
    "1104 b22dbc372fdc",
    "1099 e398f343e5af",
    "970 fcfb382d4a00",
    "853 263f4d95c92a",
    "1034 3119def4ace9",
  ],
};
