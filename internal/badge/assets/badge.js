// Parley's badge: how many messages a customer has not read, on a website.
// docs/badge.md tells how to use it. This file is served as it stands, without
// a build: it has to stay below 3 KB when compressed.
(() => {
  "use strict";

  const seconds = 1000;
  const patience = 10 * seconds; // for the beginning of an answer
  const silence = 50 * seconds; // in a stream, in which something comes every 20 s
  const pollEvery = 15 * seconds;
  const pollHiddenEvery = 60 * seconds;
  const streamAgainAfter = 120 * seconds; // when streams do not get through

  const script = document.currentScript;
  const options = script.dataset;
  // The page may have made the object before, with its callbacks.
  const api = (window.ParleyBadge = window.ParleyBadge || {});

  const unread = new URL("v1/contacts/me/unread", script.src);
  for (const name of ["inbox", "channel"]) {
    if (options[name]) unread.searchParams.set(name, options[name]);
  }
  const stream = new URL(unread);
  stream.pathname += "/stream";

  let token = options.token;
  let renewed = false; // the token is new, and nothing was answered to it yet
  let tag; // ETag of the last poll, when nothing was told since
  let running = false;
  let round = 0; // which call of start is in charge; 0 was none
  let request; // what aborts the request in flight
  let failures = 0; // in a row
  let streamFrom = 0; // when streams may be tried again

  const paint = () => {
    if (!options.target) return;
    for (const element of document.querySelectorAll(options.target)) {
      element.textContent = api.total > 99 ? "99+" : api.total || "";
      element.hidden = !api.total;
    }
  };

  const show = (total) => {
    if (total === api.total) return;
    api.total = total;
    paint();
    // An error of the page's own is shown as one, and does not stop the badge.
    if (total !== undefined) queueMicrotask(() => api.onChange?.(total));
  };

  // backoff returns how long to wait after a failure. Chance keeps the pages of
  // a website from coming back all at once.
  const backoff = () => Math.min(30 * seconds, 500 * 2 ** failures++) * (1 + Math.random());

  // renew asks the page for a token and tells whether there is one.
  const renew = async (mine) => {
    const fresh = await api.onToken?.();
    if (mine !== round || !fresh) return false;
    token = fresh;
    tag = undefined;
    return (renewed = true);
  };

  // follow shows what a stream tells until it ends.
  const follow = async (body, heard) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      let told = false;
      for (const event of events) {
        // Comments only show that the line holds; the end follows a "bye".
        if (!/^event: unread$/m.test(event)) continue;
        show(JSON.parse(/^data: (.*)/m.exec(event)[1]).total);
        told = true;
      }
      heard(told);
    }
  };

  // attempt asks once, and returns after how many milliseconds to ask again;
  // undefined is never.
  const attempt = async (mine) => {
    if (!token && !(await renew(mine))) return;
    // A hidden page leaves its connection to others: browsers have six a server.
    const live = !document.hidden && Date.now() >= streamFrom;
    const control = (request = new AbortController());
    const begun = Date.now();
    let told = false;
    let late = false;
    let watch;
    const within = (time) => {
      clearTimeout(watch);
      watch = setTimeout(() => {
        late = true;
        control.abort();
      }, time);
    };
    const headers = { Authorization: "Bearer " + token };
    if (live) tag = undefined;
    if (tag) headers["If-None-Match"] = tag;
    within(patience);
    try {
      const answer = await fetch(live ? stream : unread, { headers, cache: "no-store", credentials: "omit", signal: control.signal });
      if (answer.status === 401) return !renewed && (await renew(mine)) ? 0 : undefined;
      renewed = false;
      if (answer.status === 429 || answer.status >= 500) {
        // What is between may refuse streams alone.
        if (live && failures > 2) streamFrom = Date.now() + streamAgainAfter;
        return Math.max(backoff(), answer.headers.get("Retry-After") * seconds || 0);
      }
      if (live && answer.ok) {
        await follow(answer.body, (news) => {
          told ||= news;
          if (told) within(silence);
          if (Date.now() - begun > patience) failures = 0;
        });
      }
      if (live) {
        if (told) return backoff();
        streamFrom = Date.now() + streamAgainAfter;
        return 0;
      }
      if (answer.ok) {
        const body = await answer.json();
        tag = answer.headers.get("ETag");
        show(body.total);
      } else if (answer.status !== 304) return;
      failures = 0;
      return (document.hidden ? pollHiddenEvery : pollEvery) * (0.9 + Math.random() / 5);
    } catch (error) {
      // A stream that somebody between holds back is no lost network.
      if (live && late && !told) streamFrom = Date.now() + streamAgainAfter;
      throw error;
    } finally {
      clearTimeout(watch);
    }
  };

  const stop = () => {
    running = false;
    round++;
    request?.abort();
    show(undefined);
  };

  // start ends what is under way and asks at once, again and again.
  const start = async () => {
    const mine = ++round;
    request?.abort();
    running = true;
    failures = 0;
    while (mine === round) {
      let wait;
      try {
        wait = await attempt(mine);
      } catch {
        wait = backoff();
      }
      if (mine !== round) return;
      if (wait === undefined) return stop();
      await new Promise((done) => setTimeout(done, wait));
    }
  };

  const again = () => {
    if (running) start();
  };

  document.addEventListener("visibilitychange", again);
  document.addEventListener("DOMContentLoaded", paint);
  addEventListener("online", () => {
    streamFrom = 0; // it may be another network
    again();
  });
  addEventListener("pageshow", (event) => event.persisted && again());

  api.stop = stop;
  api.setToken = (fresh) => {
    token = fresh;
    tag = undefined;
    renewed = false;
    start();
  };
  start();
})();
