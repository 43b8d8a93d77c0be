package auth

// Reveal returns what a Secret holds.
var Reveal = Secret.reveal
