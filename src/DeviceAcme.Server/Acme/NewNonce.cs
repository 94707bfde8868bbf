namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.2: HEAD is 200, GET is 204; the nonce is put on by <see cref="ProblemMiddleware"/> as on every reply.</summary>
internal static class NewNonce
{
    public static IResult Handle(string profile, ProfileCatalog profiles, HttpRequest request)
    {
        profiles.Require(profile);
        return HttpMethods.IsHead(request.Method) ? Results.Ok() : Results.NoContent();
    }

    /// <summary>RFC 8555 §6.3: by POST-as-GET too.</summary>
    public static IResult Posted(AcmeRequest request)
    {
        request.RequirePostAsGet();
        return Results.NoContent();
    }
}
