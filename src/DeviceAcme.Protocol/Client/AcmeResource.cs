namespace DeviceAcme.Protocol.Client;

/// <summary>An object and the URL where it lives.</summary>
/// <param name="Url">Its URL, from the <c>Location</c> header or the one that was asked.</param>
/// <param name="Value">The object as it was answered.</param>
public sealed record AcmeResource<T>(string Url, T Value);
