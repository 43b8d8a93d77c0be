package report

// MX is how mail from other domains comes to a domain.
type MX struct {
	Signed bool     `json:"signed"`           // the DNS vouches for the names of the hosts
	STS    *STS     `json:"mta_sts"`          // the domain's MTA-STS policy; nil without one
	Broken string   `json:"broken,omitempty"` // why a policy that is announced could not be had
	Hosts  []MXHost `json:"hosts"`            // the most preferred first
	Error  string   `json:"error,omitempty"`  // why there is no host
	Later  bool     `json:"later,omitempty"`  // the question failed: there may be hosts
}

// STS is an MTA-STS policy (RFC 8461).
type STS struct {
	Mode    string   `json:"mode"` // "enforce", "testing" or "none"
	Hosts   []string `json:"hosts"`
	MaxDays int      `json:"max_days"` // how long senders keep it
}

// MXHost is one host that takes mail for a domain.
type MXHost struct {
	Name       string `json:"name"`
	Preference int    `json:"preference"` // the smaller the better
	TLSA       int    `json:"tlsa"`       // how many TLSA records it has, for DANE
	// Demand is what a careful sender demands of a connection, and Why the reason.
	Demand   string `json:"demand"`
	Verified bool   `json:"verified"` // Demand has the host prove its name
	DANE     bool   `json:"dane"`     // by its TLSA records
	Why      string `json:"why"`
	Error    string `json:"error,omitempty"` // why a careful sender does not use the host
	// NotInPolicy says that Error is that the MTA-STS policy does not name the host.
	NotInPolicy bool `json:"not_in_policy,omitempty"`
}
