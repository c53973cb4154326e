// The demo page of the badge: takes the customer token from the address's
// fragment or from the form, and lists what onChange tells.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const badge = window.ParleyBadge;

  badge.onChange = (total) => {
    at("state").textContent = total === 1 ? "1 unread message." : total + " unread messages.";
    const line = document.createElement("li");
    line.textContent = new Date().toLocaleTimeString() + ": " + total;
    at("log").prepend(line);
  };

  const use = (token) => {
    at("state").textContent = "Asking.";
    badge.setToken(token);
  };

  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    use(at("token").value.trim());
  });
  at("stop").addEventListener("click", () => {
    badge.stop();
    at("state").textContent = "Stopped.";
  });

  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    // Neither the history nor a bookmark keeps it.
    history.replaceState(null, "", location.pathname);
    at("token").value = token;
    use(token);
  }
})();
