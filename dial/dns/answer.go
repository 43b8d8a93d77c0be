package dns

import (
	"errors"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// Answer is what a server knows.
type Answer struct {
	// Records are those of the type that was asked for, at the end of the
	// chain. Names and texts in them are the server's.
	Records []dnsmessage.Resource
	// Chain is the names that the question's name is an alias of, in order, the
	// last one being that of the records. It is in the form of [Canonical], but
	// may hold any bytes.
	Chain []string
	// Absent says why there are no records.
	Absent Absence
	// Secure reports that Server has validated all of the answer, or the absence,
	// and is trusted to.
	Secure bool
	// AD reports that Server says that it has validated the answer. Only Secure
	// is to be relied on; AD without Secure tells that the server is not trusted.
	AD     bool
	Server netip.AddrPort // the server that has answered
}

// Absence is why there are no records.
type Absence uint8

const (
	Present Absence = iota // there are records
	NoName                 // the name, or the end of its chain, does not exist (NXDOMAIN)
	NoData                 // it has no records of this type
)

// String returns the absence in words: "present", "no such name" or "no data".
func (a Absence) String() string {
	switch a {
	case NoName:
		return "no such name"
	case NoData:
		return "no data"
	}
	return "present"
}

// maxChain bounds how many aliases are followed.
const maxChain = 10

// replyError is a reply that is no answer.
type replyError struct {
	code dnsmessage.RCode
	err  error
}

func (e *replyError) Error() string { return e.err.Error() }

func malformed(how string) error { return &replyError{err: errors.New(how)} }

// read makes an Answer of a reply.
func (q *question) read(from *reply, s server) (*Answer, error) {
	if from.RCode != dnsmessage.RCodeSuccess && from.RCode != dnsmessage.RCodeNameError {
		return nil, &replyError{from.RCode, failure(from.RCode)}
	}
	records, err := q.records(&from.rest)
	if err != nil {
		return nil, malformed("the answer cannot be read: " + err.Error())
	}
	a := &Answer{AD: from.AuthenticData, Secure: from.AuthenticData && s.trusted, Server: s.addr}
	if err := a.follow(q, records); err != nil {
		return nil, err
	}
	switch {
	case len(a.Records) > 0 && from.RCode == dnsmessage.RCodeNameError:
		return nil, malformed("the answer has records of a name that it says does not exist")
	case len(a.Records) > 0:
	case from.RCode == dnsmessage.RCodeNameError:
		a.Absent = NoName
	case isReferral(from):
		return nil, malformed("the server does not look for answers, but refers to others")
	default:
		a.Absent = NoData
	}
	return a, nil
}

// records returns the aliases and the records of the question's type in the
// answer section.
func (q *question) records(p *dnsmessage.Parser) (all []dnsmessage.Resource, err error) {
	for {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Class != dnsmessage.ClassINET || h.Type != q.kind && h.Type != dnsmessage.TypeCNAME {
			if err := p.SkipAnswer(); err != nil {
				return nil, err
			}
			continue
		}
		r, err := p.Answer()
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
}

// follow goes from the question's name along the aliases to the records.
// Whatever else stands in the answer does not count.
func (a *Answer) follow(q *question, records []dnsmessage.Resource) error {
	alias := map[string]string{}
	for _, r := range records {
		if c, ok := r.Body.(*dnsmessage.CNAMEResource); ok && q.kind != dnsmessage.TypeCNAME {
			alias[plain(r.Header.Name)] = plain(c.CNAME)
		}
	}
	owner := q.name
	for next, more := alias[owner]; more; next, more = alias[owner] {
		if len(a.Chain) == maxChain {
			return malformed("a chain of more than 10 aliases, or a loop")
		}
		owner = next
		a.Chain = append(a.Chain, owner)
	}
	for _, r := range records {
		if r.Header.Type == q.kind && plain(r.Header.Name) == owner {
			a.Records = append(a.Records, r)
		}
	}
	return nil
}

// isReferral reports whether a reply without records only says whom else to ask,
// or comes from a server that asks no others. RFC 2308 §2.2 has how a reply that
// says "no data" differs: it has an SOA record, or nothing.
func isReferral(r *reply) bool {
	if r.Authoritative {
		return false
	}
	elsewhere := !r.RecursionAvailable
	for {
		h, err := r.rest.AuthorityHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return elsewhere
		}
		if err != nil || r.rest.SkipAuthority() != nil {
			return true // as good as none
		}
		switch h.Type {
		case dnsmessage.TypeSOA:
			return false
		case dnsmessage.TypeNS:
			elsewhere = true
		}
	}
}
