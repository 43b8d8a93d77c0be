package upgrade

const NumEvents = numEvents
