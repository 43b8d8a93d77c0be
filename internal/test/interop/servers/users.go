package servers

// The users of every server. The password is the same for all.
const (
	Alice  = "alice"
	Locked = "locked" // may not log in
	Full   = "full"   // has a quota of 4 KiB, where there are mailboxes
	Client = "client" // the name in the lab's client certificate

	Secret = "canary-Pa55word"
)
