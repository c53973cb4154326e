package nats

// Open is Open with more options of the client.
var OpenWith = open
