import { InputError } from "../errors.ts";
import { crc32, feed, Inflate } from "./inflate.ts";
import { printable } from "./wording.ts";
import { mostInflation } from "./zlib.ts";

/** What the directory of a zip archive says of a file in it. */
export interface ZipMember {
  readonly name: string;
  /** 0 is stored, 8 deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its own header begins. */
  readonly start: number;
}

const signatures = { member: 0x04034b50, entry: 0x02014b50, end: 0x06054b50 };
const sizes = { member: 30, entry: 46, end: 22 };

const longestComment = 2 ** 16 - 1;

/** What a field of the old format says where zip64 has the number. */
const inZip64 = 2 ** 32 - 1, countInZip64 = 2 ** 16 - 1;

/** Tells by the first bytes if a file is a zip archive, be it an empty one. */
export function isZip(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const signature = viewOf(bytes).getUint32(0, true);
  return signature === signatures.member || signature === signatures.end;
}

/**
 * The files in a zip archive (PKWARE, "APPNOTE.TXT"), by its directory, which is at the end.
 *
 * @throws {InputError} If the archive is damaged or cut short, in several parts, or of zip64.
 */
export function readZipDirectory(bytes: Uint8Array): ZipMember[] {
  const view = viewOf(bytes), end = findEnd(view);
  const count = view.getUint16(end + 10, true), here = view.getUint16(end + 8, true);
  const length = view.getUint32(end + 12, true), start = view.getUint32(end + 16, true);
  if (count === countInZip64 || length === inZip64 || start === inZip64) throw isZip64();
  if (count !== here || view.getUint16(end + 4, true) !== 0) {
    throw new InputError("the zip archive is one of several parts, which are not read; join them");
  }
  if (start + length > end) throw damaged("its directory is not where it should be");
  const members: ZipMember[] = [];
  for (let at = start, i = 0; i < count; i++) {
    const { member, next } = readEntry(bytes, at, end);
    members.push(member);
    at = next;
  }
  return members;
}

/**
 * The bytes of a file in an archive, their checksum checked. What is stored shares the memory of
 * the archive.
 *
 * @throws {InputError} If the file is damaged, encrypted, packed otherwise than by deflate, or
 * larger than `limit`.
 */
export async function unpackZipMember(
  bytes: Uint8Array,
  member: ZipMember,
  { limit }: { limit: number },
): Promise<Uint8Array> {
  const { name, method, encrypted, crc, size } = member;
  const where = printable(name);
  if (encrypted) throw new InputError(`${where} is encrypted; save the archive without a password`);
  if (method !== 0 && method !== 8) {
    throw new InputError(
      `${where} is packed by method ${method}, not stored or deflated; zip it so`,
    );
  }
  if (size > limit) {
    throw new InputError(`${where} unpacks to ${size} bytes, above ${limit}; raise the limit`);
  }
  const packed = packedBytes(bytes, member);
  const unpacked = method === 0 ? packed : await inflate(packed, size, where);
  if (unpacked.length === size && crc32(unpacked) === crc) return unpacked;
  throw damaged(`${where} is not what its checksum says`);
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** The record at the end of the archive, which only a comment follows. */
function findEnd(view: DataView): number {
  const last = view.byteLength - sizes.end;
  for (let at = last; at >= Math.max(0, last - longestComment); at--) {
    const comment = view.byteLength - at - sizes.end;
    if (view.getUint32(at, true) !== signatures.end) continue;
    if (view.getUint16(at + 20, true) === comment) return at;
  }
  throw damaged("its end is missing");
}

function readEntry(
  bytes: Uint8Array,
  at: number,
  end: number,
): { member: ZipMember; next: number } {
  const view = viewOf(bytes);
  if (at + sizes.entry > end || view.getUint32(at, true) !== signatures.entry) {
    throw damaged("its directory is shorter than it says");
  }
  const short = (offset: number) => view.getUint16(at + offset, true);
  const long = (offset: number) => view.getUint32(at + offset, true);
  const nameEnd = at + sizes.entry + short(28), next = nameEnd + short(30) + short(32);
  if (next > end) throw damaged("its directory is shorter than it says");
  const member = {
    name: new TextDecoder().decode(bytes.subarray(at + sizes.entry, nameEnd)),
    method: short(10),
    encrypted: (short(8) & 1) !== 0,
    ...{ crc: long(16), packedSize: long(20), size: long(24), start: long(42) },
  };
  if ([member.packedSize, member.size, member.start].includes(inZip64)) throw isZip64();
  return { member, next };
}

/** The header before a file repeats its name; sizes there may be missing, or of zip64. */
function packedBytes(bytes: Uint8Array, { name, start, packedSize }: ZipMember): Uint8Array {
  const view = viewOf(bytes);
  if (
    start + sizes.member > bytes.length || view.getUint32(start, true) !== signatures.member
  ) throw damaged(`${printable(name)} is not where it should be`);
  const content = start + sizes.member + view.getUint16(start + 26, true) +
    view.getUint16(start + 28, true);
  if (content + packedSize > bytes.length) throw damaged(`${printable(name)} is cut short`);
  return bytes.subarray(content, content + packedSize);
}

async function inflate(packed: Uint8Array, size: number, where: string): Promise<Uint8Array> {
  const wrong = () => damaged(`${where} is not what its checksum says`);
  if (size > mostInflation * packed.length) throw wrong();
  const unpacked = new Uint8Array(size);
  let at = 0;
  const stream = new Inflate((chunk) => {
    if (at + chunk.length > size) throw wrong();
    unpacked.set(chunk, at);
    at += chunk.length;
  });
  try {
    await feed(stream, packed);
  } catch {
    throw wrong();
  }
  if (at < size) throw wrong();
  return unpacked;
}

function damaged(what: string): InputError {
  return new InputError(`the zip archive is damaged, as ${what}; get it again`);
}

function isZip64(): InputError {
  return new InputError(
    "the zip archive is of zip64, for 4 GiB or 65,535 files and more, which is not read; save " +
      "the array alone with numpy.save",
  );
}
