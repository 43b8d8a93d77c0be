package pop3watch

// refuse calls Refused for a message that could not be retrieved or deleted.
func (l *look) refuse(m *Message, err error) {
	if l.Refused != nil {
		l.Refused(m.Listing, err)
	}
}

func (l *look) tell() {
	if l.Looked != nil {
		l.Looked(l.result)
	}
}
