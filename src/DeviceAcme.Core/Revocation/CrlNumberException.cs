namespace DeviceAcme.Core.Revocation;

/// <summary>A CRL of this number or a higher one is published already (RFC 5280 §5.2.3): where nodes share a store, by another node.</summary>
internal sealed class CrlNumberException(long number, long published) : InvalidOperationException($"CRL number {number} is not higher than the last one, {published} (RFC 5280 §5.2.3)");
