/**
 * The part of the heartbeat's program that is one connection, see {@link heartbeatProgram}: it connects while a round needs it, and
 * sends what it is given.
 */
export const heartbeatLane: string = String.raw`function newLane(place) {
  const lane = { ...place, rounds: new Set(), send: undefined, losses: 0, wake, end: () => {} };
  let isAwake = false;

  /** Connects, unless it does so already. */
  function wake() {
    if (isAwake) return;
    isAwake = true;
    if (lane.losses === 0) connect();
    else pause();
  }

  function pause() {
    setTimeout(connect, Math.min(intervalMs / 2, 50 * lane.losses));
  }

  function connect() {
    if (!connection.asks) return open();
    ask({ question: "place" }, ({ failure, late }) => {
      isTold ||= failure === undefined && !late;
      if (isTold && failure === undefined) open();
      else reconnect(failure ?? "the main thread does not answer");
    });
  }

  function open() {
    const { host, port, socket, connectTimeout, socketTimeout, checksIdentity } = cluster ? { ...connection, ...place, socket: undefined } : connection;
    const address = socket === undefined ? { host, port } : { path: socket };
    // The main thread judges the certificate before anything is sent.
    const identity = checksIdentity ? { checkServerIdentity: () => undefined } : {};
    let link;
    try {
      // Files are read anew: a certificate may have been replaced.
      for (const option in connection.tlsFiles) connection.tls[option] = fs.readFileSync(connection.tlsFiles[option]);
      link = connection.tls ? tls.connect({ ...address, ...connection.tls, ...identity }) : net.connect(address);
    } catch (error) {
      // Node refuses these TLS options, or a file is missing. The main thread reports every failure to connect; here only the
      // beats stop.
      return reconnect(error.message);
    }
    lane.end = () => link.destroy();
    /** The requests that have no reply yet, oldest first. */
    const awaited = [];
    let begun = "";
    let why = CLOSED;
    let timer;
    const limit = (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => link.destroy(new Error("no answer for " + ms + " ms")), ms);
    };
    /** @param refused - whether the connection can go on after an error reply; "told" where that is why it ends, if it does */
    const request = (words, replied, refused = () => false) => {
      if (awaited.length === 0) limit(socketTimeout);
      awaited.push({ replied, refused });
      const parts = words.map((word) => "$" + Buffer.byteLength(String(word)) + "\r\n" + word + "\r\n");
      link.write("*" + words.length + "\r\n" + parts.join(""));
    };

    // Covers the TLS handshake too.
    limit(connectTimeout);
    link.setNoDelay(true);
    link.setEncoding("latin1");
    link.once(connection.tls ? "secureConnect" : "connect", () => {
      if (!connection.tls || !checksIdentity) return greet();
      const name = connection.tls.servername || host;
      ask({ question: "identity", name, certificate: link.getPeerCertificate(true) }, ({ failure, late }) => {
        if (link.destroyed) return;
        if (failure === undefined && !late) greet();
        else link.destroy(new Error(failure ?? "the main thread does not answer"));
      });
    });
    const greet = () => {
      const { username, password, db, connectionName } = connection;
      if ((username ?? password) !== undefined) request(["AUTH", username ?? "default", password ?? ""], () => {});
      if (db !== 0) request(["SELECT", db], () => {});
      const ready = () => {
        lane.send = request;
        for (const round of [...lane.rounds]) beat(round);
      };
      // Optional: a proxy, or the user's rights, may refuse it. Then the connection has no name.
      request(["CLIENT", "SETNAME", connectionName], ready, () => (ready(), "told"));
    };
    link.on("data", (text) => {
      const lines = (begun + text).split("\r\n");
      begun = lines.pop();
      if (lines.length === 0) return;
      for (const line of lines) {
        const { replied, refused } = awaited.shift() ?? { refused: () => false };
        const isRefused = !/^[+:]/.test(line);
        // Redis quotes the arguments of a command that it does not know: those of AUTH hold the password.
        why = isRefused ? line.slice(1).replace(/,? with args beginning with:.*$/, "") : CLOSED;
        // An error, such as READONLY from a master that became a replica: a new connection may find the new master.
        const goesOn = isRefused && refused(why);
        if (isRefused && !goesOn) return void link.destroy();
        if (goesOn === true) why = CLOSED;
        if (!isRefused) replied?.();
      }
      // Redis does answer: the next reply has its own time from here.
      if (awaited.length > 0) limit(socketTimeout);
      else clearTimeout(timer);
    });
    // "close" follows.
    link.on("error", (error) => {
      // What Redis said before it closed the link says more.
      if (why === CLOSED) why = error.message || error.code;
    });
    link.once("close", () => {
      clearTimeout(timer);
      lane.send = undefined;
      reconnect(why);
    });
  }

  function reconnect(why) {
    isAwake = false;
    lane.losses += 1;
    for (const round of [...lane.rounds]) {
      tell(round, why);
      if (cluster && lane.losses > 1) move(round, elsewhere(lane));
    }
    if (lane.rounds.size > 0) wake();
  }

  return lane;
}
`;
