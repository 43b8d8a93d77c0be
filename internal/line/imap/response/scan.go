package response

// A Scanner judges whether go-imap's client reads a response as it stands. Its
// methods are named after the rules of the grammar (RFC 9051 §9): each passes over
// what the rule describes, and reports whether it was there.
type Scanner struct {
	*Limits
	b     []byte
	i     int
	depth int
	words int // atoms, numbers and strings so far

	items int   // items of a FETCH so far
	seen  uint8 // which of them cannot come again

	// Of a FETCH: its UID if that stands before every body, 0 otherwise; whether it
	// has data other than UID, FLAGS and MODSEQ; whether it has a body.
	UID   uint32
	Asked bool
	Body  bool

	open bool // the response ends with the announcement of a body
	tail bool // the response begins after a body
}

// Scan judges the response in b, whose head is h.
func (s *Scanner) Scan(b []byte, h Head) bool {
	s.reset(b)
	if !h.Strict || len(b) < 2 || b[len(b)-2] != '\r' {
		return false
	}
	s.i = h.Args
	return s.args(h.Kind) && s.end()
}

// ScanHead judges the beginning of a FETCH, which ends with the announcement of a
// body.
func (s *Scanner) ScanHead(b []byte, h Head) bool {
	s.reset(b)
	s.open, s.i = true, h.Args
	return h.Strict && s.fetch() && s.i == len(b)
}

// ScanTail judges the rest of a FETCH after a body. open says that it ends with the
// announcement of another body.
func (s *Scanner) ScanTail(b []byte, open bool) bool {
	s.reset(b)
	s.open, s.tail, s.Body = open, true, true
	if !s.moreItems() {
		return false
	}
	return open && s.i == len(b) || !open && s.end()
}

func (s *Scanner) reset(b []byte) { *s = Scanner{Limits: s.Limits, b: b} }

// end reports whether nothing is left but the end of the line, and whether all
// that was before it is within the limit.
func (s *Scanner) end() bool {
	return s.i == len(s.b)-2 && s.b[s.i] == '\r' && s.b[s.i+1] == '\n' && s.words <= s.Words()
}

// args scans what follows the head of a response.
func (s *Scanner) args(k Kind) bool {
	switch k {
	case Fetch:
		return s.fetch()
	case Exists, Recent, Expunge:
		return true
	case OK, NO, BAD, BYE:
		return s.respText()
	case Continue:
		return s.printable()
	case Capability:
		return s.capabilities()
	case Enabled:
		return s.peek() == '\r' || s.capabilities()
	case Flags:
		return s.flagList()
	case List:
		return s.mailboxList()
	case Status:
		return s.mailbox() && s.is(' ') && s.statusAttList()
	case Search, Sort:
		return s.numbers(k == Search)
	case ESearch:
		return s.esearch()
	case Thread:
		return s.threads()
	case Metadata:
		return s.metadata()
	case ID:
		return s.idParams()
	case Namespace:
		return s.namespace() && s.is(' ') && s.namespace() && s.is(' ') && s.namespace()
	case Quota:
		return s.astring() && s.is(' ') && s.quotaList()
	case QuotaRoot:
		return s.mailbox() && s.astrings(1)
	case ACL:
		return s.mailbox() && s.astrings(2)
	case MyRights:
		return s.mailbox() && s.is(' ') && s.astring()
	}
	return false
}
