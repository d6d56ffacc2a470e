/**
 * Which functions call each other, and in what order.
 */

/** What calls say about functions. */
export interface CallOrder {
  /** Groups of functions that call each other, each with a number; those that never come back to themselves have none. */
  readonly groups: ReadonlyMap<string, number>;
  /** All functions, those that are called first as far as there is such an order. */
  readonly order: readonly string[];
}

/** Tarjan's strongly connected components, without recursion: chains of calls may be long. */
export function callOrderOf(calls: ReadonlyMap<string, readonly string[]>): CallOrder {
  const groups = new Map<string, number>();
  const order: string[] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const lower = (name: string, value: number): void => void low.set(name, Math.min(low.get(name)!, value));
  const path: { readonly name: string; readonly callees: Iterator<string> }[] = [];
  const enter = (name: string): void => {
    index.set(name, index.size);
    low.set(name, index.get(name)!);
    open.push(name);
    isOpen.add(name);
    path.push({ name, callees: calls.get(name)![Symbol.iterator]() });
  };
  const close = (name: string): void => {
    if (low.get(name) !== index.get(name)) return;
    const group = open.splice(open.lastIndexOf(name));
    for (const each of group) isOpen.delete(each);
    order.push(...group.toReversed());
    if (group.length === 1 && !calls.get(name)!.includes(name)) return;
    for (const each of group) groups.set(each, index.get(name)!);
  };
  for (const root of calls.keys()) {
    if (!index.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { value: callee, done } = top.callees.next();
      if (done === true) {
        path.pop();
        close(top.name);
        const caller = path.at(-1);
        if (caller !== undefined) lower(caller.name, low.get(top.name)!);
      } else if (!index.has(callee)) enter(callee);
      else if (isOpen.has(callee)) lower(top.name, index.get(callee)!);
    }
  }
  return { groups, order };
}
