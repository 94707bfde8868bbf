using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;

namespace DeviceAcme.Simulator.Conformance;

/// <summary>A directory that is looked at.</summary>
/// <param name="Url">Its URL.</param>
/// <param name="Meta">What it says of itself.</param>
/// <param name="External">The external account to use there; null where none is wanted.</param>
internal sealed record ConformanceDirectory(string Url, DirectoryMeta? Meta, ExternalAccountCredential? External)
{
    public bool WantsExternalAccounts => Meta?.ExternalAccountRequired == true;
}

/// <summary>A kind of device, and what a directory says to it.</summary>
/// <param name="Kind">As <c>--kind</c> has it.</param>
/// <param name="Directory">The directory.</param>
/// <param name="Welcome">What came of asking.</param>
/// <param name="Found">In words.</param>
internal sealed record ConformanceTarget(string Kind, ConformanceDirectory Directory, Welcome Welcome, string Found);

/// <summary>How far a device came at a directory.</summary>
internal enum Welcome
{
    /// <summary>Its identifier cannot be ordered, or nothing of it could be made.</summary>
    NoOrder,

    /// <summary>It can be ordered, and its challenge is not offered.</summary>
    NoChallenge,

    /// <summary>Its evidence or its request is refused.</summary>
    Refused,

    /// <summary>It got a certificate.</summary>
    Enrolled,
}
