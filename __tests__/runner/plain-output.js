// What commands write is compared as text: neither a terminal nor a CI's environment may colour it. jest sets
// FORCE_COLOR where its own output has colours, and node warns of both variables at once in each child.
delete process.env.FORCE_COLOR;
process.env.NO_COLOR = "1";
