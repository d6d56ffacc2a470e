/**
 * Which references a clone takes, where it puts them, and what HEAD becomes.
 */
import { NotFoundError } from "@sluice/internal";
import type { GitObjectId } from "../object/_object_id.ts";
import type { GitRemoteRef } from "./_advertisement.ts";

/** A reference of the new repository. */
export interface PackedRef {
  readonly name: string;
  readonly id: GitObjectId;
  readonly peeled: GitObjectId | undefined;
}

/** What is cloned. */
export interface ClonePlan {
  readonly wants: readonly GitObjectId[];
  readonly packed: readonly PackedRef[];
  /** Tags that come along if what they lead to has come. */
  readonly followedTags: readonly GitRemoteRef[];
  /** What HEAD names; undefined where it holds an id itself. */
  readonly head: string | undefined;
  /** What HEAD leads to; undefined where there is no commit. */
  readonly id: GitObjectId | undefined;
  /** The branch of the server that HEAD follows. */
  readonly headRef: string | undefined;
  /** The rule for later fetches; undefined where there is no branch to follow. */
  readonly rule: string | undefined;
}

/** What of the settings of a clone chooses references. */
export interface RefChoice {
  readonly bare: boolean;
  readonly mirror: boolean;
  readonly branch: string | undefined;
  readonly singleBranch: boolean;
  readonly tags: boolean;
  readonly origin: string;
}

const HEADS = "refs/heads/";
const TAGS = "refs/tags/";

/** What HEAD is to be: a branch, or a tag or commit alone. */
interface Head {
  readonly branch: string | undefined;
  readonly id: GitObjectId | undefined;
  /** The reference that has to be fetched for it. */
  readonly ref: GitRemoteRef | undefined;
}

/**
 * Chooses.
 *
 * @throws {NotFoundError} If the server does not have the branch or tag that is wanted.
 */
export function chooseRefs(refs: readonly GitRemoteRef[], choice: RefChoice): ClonePlan {
  const head = headOf(refs, choice.branch);
  const heads = refs.filter(({ name }) => name.startsWith(HEADS));
  const tags = refs.filter(({ name }) => name.startsWith(TAGS));
  const { mirror, singleBranch, origin, bare } = choice;
  const branches = singleBranch ? heads.filter(({ name }) => name === head.branch) : heads;
  const placed = (ref: GitRemoteRef, name: string): PackedRef[] =>
    ref.id === undefined ? [] : [{ name, id: ref.id, peeled: ref.peeled }];
  const ownName = (name: string): string =>
    bare ? name : `refs/remotes/${origin}/${name.slice(HEADS.length)}`;
  const isTagHead = head.ref?.name.startsWith(TAGS) === true;
  const taken = mirror && !singleBranch
    ? refs.filter(({ name }) => name.startsWith("refs/")).flatMap((ref) => placed(ref, ref.name))
    : [
      ...branches.flatMap((ref) => placed(ref, ownName(ref.name))),
      ...(choice.tags && !singleBranch ? tags : isTagHead ? [head.ref!] : []).flatMap((ref) =>
        placed(ref, ref.name)
      ),
    ];
  const wants = [...taken.map(({ id }) => id), ...head.id === undefined ? [] : [head.ref?.id ?? head.id]];
  // A branch without commits may never come to be.
  const asterisk = singleBranch ? (head.id && head.branch)?.slice(HEADS.length) : "*";
  return {
    wants: [...new Map(wants.map((id) => [`${id}`, id])).values()],
    packed: taken,
    followedTags: choice.tags && singleBranch
      ? tags.filter(({ id, name }) => id && name !== head.ref?.name)
      : [],
    head: head.branch,
    id: head.id,
    headRef: head.branch,
    rule: mirror && !singleBranch
      ? "+refs/*:refs/*"
      : isTagHead && singleBranch
      ? `+${head.ref!.name}:${head.ref!.name}`
      : asterisk === undefined
      ? undefined
      : `+${HEADS}${asterisk}:${mirror ? HEADS : `refs/remotes/${origin}/`}${asterisk}`,
  };
}

function headOf(refs: readonly GitRemoteRef[], wanted: string | undefined): Head {
  const find = (name: string): GitRemoteRef | undefined => refs.find((ref) => ref.name === name);
  if (wanted !== undefined) {
    const branch = find(HEADS + wanted);
    if (branch !== undefined) return { branch: branch.name, id: branch.id, ref: branch };
    const tag = find(TAGS + wanted);
    if (tag !== undefined) return { branch: undefined, id: tag.peeled ?? tag.id, ref: tag };
    throw new NotFoundError(`Cannot clone: the server has no branch or tag "${wanted}"`, {
      format: "git",
      code: "NOT_FOUND",
    });
  }
  const head = find("HEAD");
  if (head === undefined || head.id === undefined) {
    // A branch without commits, which servers name since version 2.
    const target = head?.target;
    return { branch: target?.startsWith(HEADS) ? target : `${HEADS}master`, id: undefined, ref: undefined };
  }
  if (head.target?.startsWith(HEADS) === true) {
    return { branch: head.target, id: head.id, ref: find(head.target) };
  }
  // A server need not say what HEAD names: as git does, a branch that is at the same commit is taken.
  const same = (ref: GitRemoteRef | undefined): boolean => ref?.id?.equals(head.id!) === true;
  const master = find(`${HEADS}master`);
  const guess = same(master) ? master : refs.find((ref) => ref.name.startsWith(HEADS) && same(ref));
  return { branch: guess?.name, id: head.id, ref: guess ?? head };
}
