package dial

var (
	TLSConfig      = tlsConfig
	CheckLocalName = checkLocalName
	AddressLiteral = addressLiteral
)

// EHLOName gives tests (*Dialer).ehloName.
var EHLOName = (*Dialer).ehloName
