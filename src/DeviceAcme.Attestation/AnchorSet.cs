namespace DeviceAcme.Attestation;

/// <summary>Vendor roots and intermediates; an anchor is a name and a key (RFC 5280 §6.1.1).</summary>
public sealed class AnchorSet
{
}
