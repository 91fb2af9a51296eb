// A long list, drawn a page at a time: what nobody scrolls to is never made.
function pagedList(container, draw, page, noun) {
  let items = [];
  let drawn = 0;
  const more = el("button", { type: "button", className: "more" });
  function grow(number) {
    const upTo = Math.min(items.length, drawn + number);
    container.append(...items.slice(drawn, upTo).map(draw));
    drawn = upTo;
    more.hidden = drawn >= items.length;
    more.textContent = "Show more: " + counted(items.length - drawn, noun[0], noun[1]) + " left";
  }
  more.addEventListener("click", () => grow(page));
  return {
    more,
    show(list) {
      items = list;
      drawn = 0;
      container.replaceChildren();
      grow(page);
    },
    // draws until an item is there
    reach(index) {
      if (index >= drawn) grow(index - drawn + 1);
    },
    grow,
    drawn: () => drawn,
  };
}
