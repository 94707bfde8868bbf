namespace DeviceAcme.Server.Network.Dns;

/// <summary>A DNS message breaks a rule of RFC 1035 or is not the answer to our question. The only exception of the decoder.</summary>
internal sealed class DnsFormatException(string message) : Exception(message);
