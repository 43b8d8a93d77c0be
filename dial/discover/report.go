package discover

import (
	"cmp"
	"slices"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// report is what one source says.
type report struct {
	source Source
	finds  []find    // in the source's order
	absent []service // declared not to exist
	failed []error
	// noDomain says that the domain does not exist.
	noDomain bool
}

// find is what one source says of one server. A field that the source does not mention
// is nil or empty.
type find struct {
	endpoint dial.Endpoint
	users    []string
	auth     []Method
	issuer   string
	proof    Proof
	ask      bool // ask a person, however good the proof
}

func (r *report) fail(err error) { r.failed = append(r.failed, err) }

// weak reports whether a policy is weaker than RequiredSTARTTLS.
func weak(p policy.Policy) bool { return p != policy.ImplicitTLS && p != policy.RequiredSTARTTLS }

// forSending reports whether a protocol is for sending, and not for reading.
func forSending(p policy.Protocol) bool { return p == policy.Submission }

// use returns the list for servers of a protocol: Sending or Reading.
func (r *Result) use(p policy.Protocol) *Servers {
	if forSending(p) {
		return &r.Sending
	}
	return &r.Reading
}

// result combines the reports.
func (f *finder) result(reports []report) *Result {
	res := new(Result)
	var finds []find
	for _, r := range reports {
		res.NoDomain = res.NoDomain || r.noDomain
		finds = append(finds, r.finds...)
		for _, s := range r.absent {
			use := res.use(s.protocol)
			use.Absent = append(use.Absent, s.name)
		}
		for _, err := range r.failed {
			res.Failed = append(res.Failed, &SourceError{r.source, err})
		}
		if r.finds == nil && r.absent == nil && r.failed == nil {
			res.Empty = append(res.Empty, r.source)
		}
	}
	f.merge(res, finds)
	return res
}

// merge makes one candidate of all that sources say of one server, and orders the
// candidates by their strongest proof.
func (f *finder) merge(res *Result, finds []find) {
	slices.SortStableFunc(finds, func(a, b find) int { return cmp.Compare(b.proof.Voucher, a.proof.Voucher) })
	said := map[dial.Endpoint][]find{}
	var order []dial.Endpoint
	for _, o := range finds {
		if said[o.endpoint] == nil {
			order = append(order, o.endpoint)
		}
		said[o.endpoint] = append(said[o.endpoint], o)
	}
	for _, e := range order {
		f.place(res.use(e.Protocol), said[e])
	}
}

// place makes a candidate of what sources say of one server, the strongest first, and
// adds it to the list that its proof permits.
func (f *finder) place(s *Servers, said []find) {
	c := Candidate{Endpoint: said[0].endpoint}
	for _, o := range said {
		if !slices.Contains(c.Proofs, o.proof) {
			c.Proofs = append(c.Proofs, o.proof)
		}
		if c.Users == nil {
			c.Users = o.users
		}
		if c.Auth == nil {
			c.Auth = o.auth
		}
		c.Issuer = cmp.Or(c.Issuer, o.issuer)
	}
	if c.Users == nil {
		c.Users = f.users()
	}
	switch strongest := said[0]; {
	case weak(c.Endpoint.Policy):
		c.Why = ErrCleartext
		s.Refused = append(s.Refused, c)
	case !strongest.ask && (strongest.proof.ofDomain() || f.owns(c.Endpoint.Host)):
		s.Ready = append(s.Ready, c)
	default:
		s.AskFirst = append(s.AskFirst, c)
	}
}
