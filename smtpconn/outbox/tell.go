package outbox

import "time"

// tell calls the handlers for a message.
func (o *Outbox) tell(m *message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.telling = false
	for i := range m.rcpts {
		if !o.toTell(m.rcpts[i]) || o.closed && o.life.Err() != nil {
			continue
		}
		if m.seq > o.journal.synced { // it may have come while a handler was called
			break
		}
		if err := o.tellOne(m, i); err != nil {
			m.failed++
			m.telling = true
			o.telling.add(time.Now().Add(o.cfg.delay(m.failed)), m)
			return
		}
		m.failed = 0
	}
	if o.messages[m.key] == nil {
		o.discard(m)
		return
	}
	o.plan(m)
}

// tellOne calls a handler for a recipient. The mutex is not held meanwhile.
func (o *Outbox) tellOne(m *message, i int) error {
	r := m.rcpts[i]
	result := resultOf(m, &r)
	m.telling = true
	o.mu.Unlock()
	var err error
	switch {
	case r.State == inDoubt:
		o.cfg.Doubt(o.life, result)
	case o.cfg.Result != nil:
		err = o.cfg.Result(o.life, result)
	}
	o.mu.Lock()
	m.telling = false
	if r.State == inDoubt {
		m.rcpts[i].doubtTold = m.rcpts[i].State == inDoubt
		return nil
	}
	if err == nil {
		o.record(&entry{Msg: m.key, Do: doTold, To: []int{i}, Time: time.Now()})
	}
	return err
}
