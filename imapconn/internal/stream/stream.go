package stream

import (
	"net"
	"sync"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/unsolicited"
	"github.com/mailconn/mailconn/internal/wire"
)

// Stream is the connection that go-imap's client has. The client reads responses that
// were measured, and mended where they had to be; what it writes is followed, so that
// it is known which commands the server has to answer. The stream has no goroutine of
// its own: it reads when the client does.
//
//	server ⇄ TLS ⇄ Guard ⇄ (deflate) ⇄ stream ⇄ go-imap's client
type Stream struct {
	conn    wire.AbortConn // guard, or deflate over it
	guard   wire.Guard
	session *dial.Conn
	Limits  response.Limits
	notices *notice.Queue // nil: not wanted
	// observer is told of what the server says of the selected mailbox.
	observer unsolicited.Observer
	others   map[string]string // mailboxes that it is told of by STATUS, as their names are written there

	// What follows is used by Read, whose calls do not overlap: the client reads in a
	// goroutine of its own, and while that waits for the program to read a body, in the
	// program's.
	in       input
	frame    response.Frame
	scan     *response.Scanner // nil before the first response
	from, to int               // a part of the input that the client reads next
	made     []byte            // or what was written anew
	numbers  *response.Numbers // or numbers
	body     int64             // behind them, bytes of a body that are passed on as they come
	piece    int64             // of those, bytes since the last progress
	canWake  bool              // a read that waits can be interrupted
	tail     bool              // behind the body the rest of a FETCH follows
	joining  bool              // a response goes on behind the end of its line
	moves    int32             // what it took the client to note the messages that it was given
	hidden   *hiddenFetch      // that FETCH is not for the client
	kept     int               // what the client may hold of the answers to a command

	over session.End // why the session has ended

	mu       sync.Mutex
	ended    chan struct{}      // closed at the end of the session; nil until that is waited for
	client   *imapclient.Client // nil until it has greeted
	parked   bool               // the client's reader has met the end
	free     bool               // all pending commands have an answer
	released bool               // the client's commands have the reason of the end, or are being given it
	barred   bool               // no command begins until the client's reader has ended
	fed      bool               // the client was told to go on with a literal, to fail in writing it
	pending  commands.Pending
	clock    clock
	handlers handlers
	bulk     bulk
	turn     sync.Cond // what is waited for may have come: a turn, room for a handler, a flag, the end
	waiting  waitList  // for that
	goodbye  *farewell // the server has said BYE
}

var _ net.Conn = (*Stream)(nil)
