package mx

// ParsePolicy, ParseStored, PolicyText, PolicyID and ParseDomain are the readers of what
// strangers write.
var (
	ParsePolicy = parsePolicy
	ParseStored = parseStored
	PolicyID    = policyID
)

func PolicyText(p *Policy) []byte { return p.text() }

func ParseDomain(s string) (string, error) {
	d, err := parseDomain(s)
	return d.String(), err
}
