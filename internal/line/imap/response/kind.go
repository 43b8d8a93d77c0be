package response

// Kind is what a response is about.
type Kind uint8

// The kinds of responses that go-imap's client reads, and those that have none.
const (
	Unknown Kind = iota // a response that the client does not read

	// A command continuation request (RFC 9051 §7.6).
	Continue

	// Status responses, tagged or untagged (RFC 9051 §7.1).
	OK
	NO
	BAD
	BYE

	// Data about a message or a number of messages, which begins with that number.
	Exists  // RFC 9051 §7.4.1
	Recent  // RFC 3501 §7.3.2
	Expunge // RFC 9051 §7.5.1
	Fetch   // RFC 9051 §7.5.2

	// Other data that a server may send at any time.
	Capability // RFC 9051 §7.2.2
	Flags      // RFC 9051 §7.3.5
	List       // RFC 9051 §7.3.1
	Status     // RFC 9051 §7.3.2
	Metadata   // RFC 5464 §4.4

	// Data that answers a command, and means nothing without it.
	Enabled   // RFC 9051 §7.2.1
	ID        // RFC 2971 §3.2
	Search    // RFC 3501 §7.2.5
	ESearch   // RFC 9051 §7.3.3
	Sort      // RFC 5256 §4
	Thread    // RFC 5256 §4
	Namespace // RFC 9051 §7.3.4
	Quota     // RFC 9208 §4.2.1
	QuotaRoot // RFC 9208 §4.2.2
	ACL       // RFC 4314 §3.6
	MyRights  // RFC 4314 §3.8
)

// kindOf returns the kind with a name in upper case.
func kindOf(name []byte) Kind {
	switch string(name) {
	case "OK":
		return OK
	case "NO":
		return NO
	case "BAD":
		return BAD
	case "BYE":
		return BYE
	case "CAPABILITY":
		return Capability
	case "FLAGS":
		return Flags
	case "EXISTS":
		return Exists
	case "RECENT":
		return Recent
	case "EXPUNGE":
		return Expunge
	case "FETCH":
		return Fetch
	case "LIST":
		return List
	case "STATUS":
		return Status
	case "METADATA":
		return Metadata
	case "ENABLED":
		return Enabled
	case "ID":
		return ID
	case "SEARCH":
		return Search
	case "ESEARCH":
		return ESearch
	case "SORT":
		return Sort
	case "THREAD":
		return Thread
	case "NAMESPACE":
		return Namespace
	case "QUOTA":
		return Quota
	case "QUOTAROOT":
		return QuotaRoot
	case "ACL":
		return ACL
	case "MYRIGHTS":
		return MyRights
	}
	return Unknown
}

// numbered reports whether a number stands before the name.
func (k Kind) numbered() bool { return k >= Exists && k <= Fetch }

// IsStatus reports whether the response is OK, NO, BAD or BYE, which has a text for
// people where other responses have data.
func (k Kind) IsStatus() bool { return k >= OK && k <= BYE }

// Solicited reports whether the response means nothing without the command that
// it answers.
func (k Kind) Solicited() bool { return k >= Enabled }

// Answers reports whether a command has a response of this kind for its whole answer. The
// command's name is given without UID.
func (k Kind) Answers(command string) bool {
	switch k {
	case Capability:
		return command == "CAPABILITY"
	case Status:
		return command == "STATUS"
	case Metadata:
		return command == "GETMETADATA"
	case Enabled:
		return command == "ENABLE"
	case ID:
		return command == "ID"
	case Search, ESearch:
		return command == "SEARCH"
	case Sort:
		return command == "SORT"
	case Thread:
		return command == "THREAD"
	case Namespace:
		return command == "NAMESPACE"
	case Quota:
		return command == "GETQUOTA" || command == "GETQUOTAROOT" || command == "SETQUOTA"
	case QuotaRoot:
		return command == "GETQUOTAROOT"
	case ACL:
		return command == "GETACL"
	case MyRights:
		return command == "MYRIGHTS"
	}
	return false
}

// Word returns the name of the response, as it stands on the wire.
func (k Kind) Word() string {
	return [...]string{
		"response", "+", "OK", "NO", "BAD", "BYE", "EXISTS", "RECENT", "EXPUNGE", "FETCH", "CAPABILITY", "FLAGS", "LIST", "STATUS", "METADATA",
		"ENABLED", "ID", "SEARCH", "ESEARCH", "SORT", "THREAD", "NAMESPACE", "QUOTA", "QUOTAROOT", "ACL", "MYRIGHTS",
	}[k]
}
