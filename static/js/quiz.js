// An attempt's page: answers are saved as they are given, and the time left is shown. The server decides both.
// What could not be saved yet is kept in this browser until it is: a closed laptop or a crash loses nothing.
(() => {
  const attempt = document.querySelector("[data-attempt]");
  if (!attempt) return;
  const shelf = `attempt:${attempt.dataset.attempt}:`;
  const kept = () => Object.keys(localStorage).filter((key) => key.startsWith(shelf));

  // On the result's page: what never arrived is named, then let go.
  const unsent = document.querySelector("[data-unsent]");
  if (unsent) {
    unsent.hidden = !kept().length;
    for (const key of kept()) localStorage.removeItem(key);
    return;
  }

  const clock = document.getElementById("clock");
  const form = document.getElementById("answers");
  const finish = document.getElementById("finish");

  // The server's clock, as far as this page knows it.
  let ahead = Number(clock.dataset.now) - Date.now();
  const serverNow = () => Date.now() + ahead;

  /* Saving: one request at a time, the newest state of each question, again until it arrived. */
  const status = document.getElementById("save-status");
  const words = clock.dataset;
  const waiting = new Map();
  let sending = false;
  let leaving = false;
  let failing = false;
  let pause = 1000;
  let later;
  // The question in which somebody is typing, and the timer that will keep it.
  let typed = null;
  let typing;

  // The newest token: signing in again in another tab gives a new one.
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]").value;

  // What waits is kept by question, so that two tabs do not undo each other.
  const store = (number, state) => {
    try {
      localStorage.setItem(shelf + number, JSON.stringify(state));
    } catch { /* A browser that keeps nothing still saves while the page is open. */ }
  };
  const forget = (number, state) => {
    if (localStorage.getItem(shelf + number) === JSON.stringify(state)) localStorage.removeItem(shelf + number);
  };

  const say = (text) => { if (status) status.textContent = text; };

  const inputs = (question) => {
    const number = question.dataset.question;
    return [...question.querySelectorAll(`[name="q-${number}"], [name="why-${number}"]`)];
  };
  const answer = (question) =>
    inputs(question)
      .filter((input) => !["radio", "checkbox"].includes(input.type) || input.checked)
      .map((input) => ({ name: input.name, value: input.value.trim() }))
      .filter((given) => given.value);
  const flag = (question) => question.querySelector(`[name="flag-${question.dataset.question}"]`).checked;

  const body = (number, state) => {
    const data = new URLSearchParams();
    data.append("item", number);
    for (const given of state.answer) data.append(given.name, given.value);
    if (state.flag) data.append(`flag-${number}`, "1");
    data.append("stamp", String(Math.round(state.stamp)));
    return data;
  };

  // What a form sent now says that this page had shown of a question, if the question is on it.
  const remember = (number, answer, flagged) => {
    if (!form?.elements[`was-${number}`]) return;
    form.elements[`was-${number}`].value = answer;
    form.elements[`was-flag-${number}`].value = flagged;
  };

  const keep = (question) => {
    if (question === typed) {
      clearTimeout(typing);
      typed = null;
    }
    const state = { answer: answer(question), flag: flag(question), stamp: serverNow() };
    waiting.set(question.dataset.question, state);
    store(question.dataset.question, state);
    pause = 1000;
    return send();
  };

  const send = async () => {
    if (sending || leaving || !waiting.size) return;
    sending = true;
    const [number, state] = waiting.entries().next().value;
    say(words.saving);
    // Until the reply, what the server holds is not known: a form sent now must send this answer again.
    remember(number, "?", "?");
    let again = 0;
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": token() };
      const response = await fetch(clock.dataset.save, {
        method: "POST", body: body(number, state), headers, redirect: "manual", keepalive: true,
      });
      again = await heard(response, number, state);
    } catch {
      again = retry(words.retry);
    }
    sending = false;
    clearTimeout(later);
    if (again) later = setTimeout(send, again);
    else await send();
  };

  // What the server said of one question's save; how many milliseconds to wait before the next try, 0 for none.
  const heard = async (response, number, state) => {
    if (response.status === 409) {
      const { go } = await response.json();
      leaving = true;
      // The attempt goes on without this answer; once it has ended, the result's page says what did not arrive.
      if (go === location.pathname) forget(number, state);
      location.assign(go);
      return 0;
    }
    // Signed out, or signed in anew: the answers stay here until the right person is back.
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) return retry(words.signedOut);
    if (response.status === 404) return retry(words.somebodyElse);
    if (!response.ok && response.status !== 422) return retry(words.retry);
    const reply = await response.json();
    failing = false;
    if (waiting.get(number) === state) waiting.delete(number);
    forget(number, state);
    mark(number, reply.errors ? Object.values(reply.errors).flat().join(" ") : "");
    if (reply.errors) {
      say(words.wrong);
      return 0;
    }
    ahead = reply.now - Date.now();
    clock.dataset.deadline = reply.deadline;
    pause = 1000;
    remember(number, reply.was[number], state.flag ? "1" : "");
    if (!waiting.size) say(`${words.saved} ${reply.saved}`);
    return 0;
  };

  const retry = (text) => {
    say(text);
    failing = true;
    pause = Math.min(pause * 2, 15000);
    return pause;
  };

  const mark = (number, error) => {
    const group = document.getElementById(`id_q-${number}_group`);
    if (!group) return;
    let note = group.querySelector(".field-error");
    if (!error) {
      note?.remove();
      return;
    }
    if (!note) {
      note = Object.assign(document.createElement("p"), { className: "field-error", id: `id_q-${number}_group-error` });
      group.querySelector("legend").after(note);
      group.setAttribute("aria-describedby", note.id);
    }
    note.textContent = error;
  };

  if (form) {
    form.addEventListener("change", (event) => {
      const question = event.target.closest("[data-question]");
      if (question) keep(question);
    });
    form.addEventListener("input", (event) => {
      if (!["text", "textarea"].includes(event.target.type)) return;
      clearTimeout(typing);
      typed = event.target.closest("[data-question]");
      typing = setTimeout(() => keep(typed), 1500);
    });
    // The form sends the whole page itself, so nothing is left to be saved by this script.
    form.addEventListener("submit", () => {
      leaving = true;
      clearTimeout(typing);
      form.elements.csrfmiddlewaretoken.value = token();
    });
    // Coming back by the browser's back button, the page may be an old one: ask for it anew.
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    addEventListener("beforeunload", (event) => { if (failing && !leaving) event.preventDefault(); });
    say("");
  }
  finish.addEventListener("submit", () => { finish.elements.csrfmiddlewaretoken.value = token(); });

  // Back online, or back at this tab after signing in or opening the laptop: try at once.
  const now = () => {
    pause = 1000;
    if (!sending) send();
  };
  addEventListener("online", now);
  addEventListener("focus", now);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) now(); });

  // What an earlier page of this attempt could not send: send it. A page that shows it is asked for anew;
  // one with other questions stays as it is under somebody's hands.
  const replay = async () => {
    const numbers = kept().map((key) => key.slice(shelf.length));
    if (!numbers.length) return;
    for (const number of numbers) waiting.set(number, JSON.parse(localStorage.getItem(shelf + number)));
    await send();
    while (waiting.size && !leaving) await new Promise((done) => setTimeout(done, 200));
    const shown = !form || numbers.some((number) => form.querySelector(`[data-question="${number}"]`));
    if (shown && !leaving) location.reload();
  };

  /* The time left: shown by the minute, said aloud at ten, five and one, handed in at the end. */
  const left = clock.querySelector("[data-left]");
  const announce = clock.querySelector("[data-announce]");
  const aloud = new Set([10, 5, 1]);
  left.hidden = false;

  const inWords = (seconds) => {
    if (seconds <= 0) return clock.dataset.over;
    if (seconds < 60) return clock.dataset.minute;
    return clock.dataset.minutes.replace("%d", String(Math.ceil(seconds / 60)));
  };

  const tick = () => {
    const seconds = Math.ceil((Number(clock.dataset.deadline) - serverNow()) / 1000);
    const text = inWords(seconds);
    if (left.textContent !== text) left.textContent = text;
    const minutes = Math.ceil(seconds / 60);
    if (aloud.delete(minutes)) announce.textContent = text;
    if (seconds > 0) return setTimeout(tick, 1000);
    return end();
  };

  // What is on its way still counts for a few seconds; then the attempt is handed in.
  const end = async () => {
    const until = Date.now() + 2500;
    if (typed) keep(typed);
    else send();
    while ((sending || waiting.size) && Date.now() < until) await new Promise((done) => setTimeout(done, 50));
    // Offline, the browser would replace this page by an error: wait for the network.
    while (!(await reachable())) {
      say(words.retry);
      await new Promise((done) => setTimeout(done, 3000));
    }
    // While this page slept, more time may have been given.
    if (Number(clock.dataset.deadline) > serverNow()) return tick();
    leaving = true;
    finish.elements.csrfmiddlewaretoken.value = token();
    finish.submit();
  };

  const reachable = () => fetch(clock.dataset.save, { method: "HEAD", redirect: "manual" }).then(() => true, () => false);

  tick();
  replay();
})();
