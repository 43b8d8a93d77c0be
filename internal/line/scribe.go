package line

// Scribe follows a conversation from its greeting on, and says what of it may be
// written down. It is told the lines of both directions in the order in which they
// pass, without their ends.
type Scribe interface {
	Sent(text string) Shown
	Received(text string) Shown
}

// Shown is what of a line may be written down.
type Shown struct {
	Text    string
	Content bool  // the line is content: it is counted and not shown
	Skip    int64 // bytes of content that follow the line
}

// Hidden stands for what is left out of a line: what a login says, and the words of
// its replies, in which a server may repeat it.
const Hidden = "[left out]"
