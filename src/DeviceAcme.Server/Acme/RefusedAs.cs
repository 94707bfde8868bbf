namespace DeviceAcme.Server.Acme;

/// <summary>Route metadata: the kind of the event that a refusal there is.</summary>
internal sealed record RefusedAs(string Kind)
{
    /// <summary>Of what has no kind of its own: looking at what belongs to others, for example.</summary>
    public const string Request = "request.refused";

    public const string Account = "account.refused";
    public const string Authorization = "authorization.refused";
    public const string Challenge = "challenge.refused";
    public const string Directory = "directory.refused";
    public const string Order = "order.refused";
    public const string Revocation = "revocation.refused";
    public const string AttestationKey = "attestation-key.refused";
}

internal static class RefusedAsMetadata
{
    public static T RefusedAs<T>(this T routes, string kind)
        where T : IEndpointConventionBuilder => routes.WithMetadata(new RefusedAs(kind));
}
