// What the system may say of a call on a file.

import { diskCalls } from "../../../experiments/files/disk.ts";

/** Errors as Deno makes them on Linux: the code where it has one, the number, the words. */
const errors = {
  EPERM: [1, "Operation not permitted"],
  ENOENT: [2, "No such file or directory"],
  EIO: [5, "Input/output error"],
  EACCES: [13, "Permission denied"],
  EBUSY: [16, "Device or resource busy"],
  EEXIST: [17, "File exists"],
  ENOTDIR: [20, "Not a directory"],
  EISDIR: [21, "Is a directory"],
  EINVAL: [22, "Invalid argument"],
  EMFILE: [24, "Too many open files"],
  EFBIG: [27, "File too large"],
  ENOSPC: [28, "No space left on device"],
  EROFS: [30, "Read-only file system"],
  ENAMETOOLONG: [36, "File name too long"],
  ENOLCK: [37, "No locks available"],
  ENOSYS: [38, "Function not implemented"],
  ELOOP: [40, "Too many levels of symbolic links"],
  EOPNOTSUPP: [95, "Operation not supported"],
  ESTALE: [116, "Stale file handle"],
  EDQUOT: [122, "Disk quota exceeded"],
} as const;

/** The name of an error of the system. */
export type ErrorName = keyof typeof errors;

/** All of them. */
export const errorNames = Object.keys(errors) as ErrorName[];

const classes: { [name in ErrorName]?: new (message: string) => Error } = {
  EPERM: Deno.errors.PermissionDenied,
  EACCES: Deno.errors.PermissionDenied,
  ENOENT: Deno.errors.NotFound,
  EEXIST: Deno.errors.AlreadyExists,
  ENOTDIR: Deno.errors.NotADirectory,
  EISDIR: Deno.errors.IsADirectory,
};

/** The error of a call that failed. */
export function systemError(name: ErrorName): Error {
  const [number, words] = errors[name];
  const error = new (classes[name] ?? Error)(`${words} (os error ${number})`);
  if (number < 37) Object.assign(error, { code: name });
  return error;
}

/** A call, and what it fails with. */
export interface CallFault {
  readonly call: string;
  readonly name: ErrorName;
}

/** What a call can fail with in the middle of a run as well: the disk, its quota, the network. */
const anywhere: readonly ErrorName[] = [
  ...["EIO", "EACCES", "EPERM", "ENOENT", "ENOTDIR", "ESTALE", "ELOOP", "ENAMETOOLONG"] as const,
];
const writing: readonly ErrorName[] = ["ENOSPC", "EDQUOT", "EROFS"];

const possible: Record<string, readonly ErrorName[]> = {
  open: [...anywhere, ...writing, "EISDIR", "EMFILE", "EBUSY", "EINVAL"],
  create: [...anywhere, ...writing, "EEXIST", "EMFILE", "EINVAL", "ENOSYS", "EOPNOTSUPP"],
  read: ["EIO", "ESTALE", "EISDIR", "EINVAL"],
  write: ["EIO", "ESTALE", "ENOSPC", "EDQUOT", "EFBIG", "EINVAL", "EPERM"],
  truncate: ["EIO", "ESTALE", "EINVAL", "EPERM", "EROFS", "EFBIG", "EACCES"],
  seek: ["EINVAL"],
  sync: ["EIO", "ESTALE", "ENOSPC", "EDQUOT", "EROFS", "EINVAL", "EOPNOTSUPP", "ENOSYS", "EACCES"],
  stat: anywhere,
  lock: ["EIO", "ESTALE", "ENOLCK", "EINVAL", "EOPNOTSUPP", "ENOSYS"],
  mkdir: [...anywhere, ...writing, "EEXIST"],
  rename: [...anywhere, ...writing, "EBUSY", "EEXIST", "EISDIR", "EINVAL"],
  remove: [...anywhere, "EROFS", "EBUSY"],
  list: anywhere,
};

/** Every call with every error that it can give. */
export const callFaults: readonly CallFault[] = diskCalls.flatMap((call) =>
  possible[call].map((name) => ({ call, name }))
);
