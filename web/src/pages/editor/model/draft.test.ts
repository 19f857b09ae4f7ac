import { describe, expect, it } from "vitest";
import {
  begin,
  type Draft,
  edit,
  errorAt,
  heldIn,
  next,
  rebased,
  refused,
  resolve,
  same,
  saved,
  shown,
  standing,
  take,
  theirs,
  unsent,
} from "./draft";

const base = { session: { title: "One", description: "", tags: ["a"] }, "seat/1": { max: 3 } };
const start = (): Draft => begin(4, base);
const title = (draft: Draft) => shown(draft, "session", "title");

describe("typing", () => {
  it("shows what was typed and keeps what the server has", () => {
    const draft = edit(start(), "session", "title", "Two");
    expect(title(draft)).toBe("Two");
    expect(draft.base["session"]?.["title"]).toBe("One");
    expect(next(draft)).toBe("session");
  });

  it("has nothing to save when it is typed back", () => {
    const draft = edit(edit(start(), "session", "title", "Two"), "session", "title", "One");
    expect(next(draft)).toBeNull();
    expect(standing(draft)).toEqual({ unsaved: false, held: false });
  });

  it("keeps the spaces that the server takes away, until somebody else changes it", () => {
    const { draft } = take(edit(start(), "session", "title", "Two "), "session");
    const after = saved(draft, "session", 5, { ...base, session: { ...base.session, title: "Two" } });
    expect(title(after)).toBe("Two ");
    expect(standing(after)).toEqual({ unsaved: false, held: false });
    const changed = rebased(after, 6, { ...base, session: { ...base.session, title: "Three" } });
    expect(title(changed)).toBe("Three");
  });

  it("while a save is under way is saved after it", () => {
    const first = take(edit(start(), "session", "title", "Two"), "session");
    const typing = edit(first.draft, "session", "title", "Two and more");
    const after = saved(typing, "session", 5, { ...base, session: { ...base.session, title: "Two" } });
    expect(title(after)).toBe("Two and more");
    expect(standing(after)).toEqual({ unsaved: true, held: false });
    expect(take(after, "session").values).toEqual({ title: "Two and more" });
  });

  it("back to the old text while a save is under way is saved too", () => {
    const first = take(edit(start(), "session", "title", "Two"), "session");
    const back = edit(first.draft, "session", "title", "One");
    const after = saved(back, "session", 5, { ...base, session: { ...base.session, title: "Two" } });
    expect(title(after)).toBe("One");
    expect(take(after, "session").values).toEqual({ title: "One" });
  });
});

describe("somebody else was quicker", () => {
  const elsewhere = (session: object) => ({ ...base, session: { ...base.session, ...session } });

  it("keeps what was typed in a field they left alone", () => {
    const draft = rebased(edit(start(), "session", "title", "Two"), 5, elsewhere({ description: "Theirs" }));
    expect(title(draft)).toBe("Two");
    expect(shown(draft, "session", "description")).toBe("Theirs");
    expect(take(draft, "session").values).toEqual({ title: "Two" });
    expect(draft.version).toBe(5);
  });

  it("asks about a field that both changed, and sends neither before", () => {
    const draft = rebased(edit(start(), "session", "title", "Two"), 5, elsewhere({ title: "Zwei" }));
    expect(title(draft)).toBe("Two");
    expect(theirs(draft, "session", "title")).toEqual({ value: "Zwei" });
    expect(next(draft)).toBeNull();
    expect(standing(draft)).toEqual({ unsaved: false, held: true });
  });

  it("is no conflict when both wrote the same", () => {
    const draft = rebased(edit(start(), "session", "title", "Two"), 5, elsewhere({ title: "Two" }));
    expect(standing(draft)).toEqual({ unsaved: false, held: false });
  });

  it("mine is saved over theirs", () => {
    const conflict = rebased(edit(start(), "session", "title", "Two"), 5, elsewhere({ title: "Zwei" }));
    const draft = resolve(conflict, "session", "title", "mine");
    expect(take(draft, "session").values).toEqual({ title: "Two" });
    expect(theirs(draft, "session", "title")).toBeUndefined();
  });

  it("theirs replaces what was typed", () => {
    const conflict = rebased(edit(start(), "session", "title", "Two"), 5, elsewhere({ title: "Zwei" }));
    const draft = resolve(conflict, "session", "title", "theirs");
    expect(title(draft)).toBe("Zwei");
    expect(next(draft)).toBeNull();
  });

  it("typing on does not decide a conflict", () => {
    const conflict = rebased(edit(start(), "session", "title", "Two"), 5, elsewhere({ title: "Zwei" }));
    const draft = edit(conflict, "session", "title", "Two again");
    expect(theirs(draft, "session", "title")).toEqual({ value: "Zwei" });
    expect(title(draft)).toBe("Two again");
  });

  it("lists are compared by what is in them", () => {
    const draft = rebased(edit(start(), "session", "tags", ["a", "b"]), 5, elsewhere({ tags: ["a"] }));
    expect(standing(draft).held).toBe(false);
  });

  it("drops what was typed into something that was removed", () => {
    const draft = rebased(edit(start(), "seat/1", "max", 5), 5, { session: base.session });
    expect(standing(draft)).toEqual({ unsaved: false, held: false });
  });
});

describe("refused", () => {
  const both = () =>
    take(edit(edit(start(), "session", "title", ""), "session", "description", "Text"), "session").draft;

  it("holds back the field that is named and sends the others", () => {
    const draft = refused(both(), "session", { title: "Too short." });
    expect(errorAt(draft, "session", "title")).toBe("Too short.");
    expect(take(draft, "session").values).toEqual({ description: "Text" });
    expect(standing(draft)).toEqual({ unsaved: true, held: true });
    expect(heldIn(draft)).toEqual(["session title"]);
  });

  it("knows the field that a place lies in", () => {
    const sent = take(edit(start(), "session", "tags", [""]), "session").draft;
    const draft = refused(sent, "session", { "tags.0": "Empty." });
    expect(errorAt(draft, "session", "tags.0")).toBe("Empty.");
    expect(next(draft)).toBeNull();
  });

  it("holds back everything when another field is named, and tries again with the next edit", () => {
    const draft = refused(both(), "session", { minimumBy: "Say when." });
    expect(next(draft)).toBeNull();
    const again = edit(draft, "session", "minimumBy", "2030-01-01");
    expect(take(again, "session").values).toEqual({
      title: "",
      description: "Text",
      minimumBy: "2030-01-01",
    });
    expect(errorAt(again, "session", "minimumBy")).toBeUndefined();
  });

  it("forgets the sentence when it is accepted", () => {
    const retried = edit(refused(both(), "session", { title: "Too short." }), "session", "title", "Long");
    expect(errorAt(retried, "session", "title")).toBeUndefined();
    const sent = take(retried, "session").draft;
    const after = saved(sent, "session", 5, { ...base, session: { ...base.session, title: "Long" } });
    expect(standing(after)).toEqual({ unsaved: false, held: false });
  });
});

describe("not arrived", () => {
  it("is to be saved still", () => {
    const { draft } = take(edit(start(), "session", "title", "Two"), "session");
    expect(next(draft)).toBeNull();
    expect(next(unsent(draft, "session"))).toBe("session");
  });
});

describe("same", () => {
  it.each([
    [null, undefined, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    ["1", 1, false],
  ])("%j and %j: %s", (one, other, expected) => {
    expect(same(one, other)).toBe(expected);
  });
});
