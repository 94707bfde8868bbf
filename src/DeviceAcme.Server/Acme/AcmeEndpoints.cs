namespace DeviceAcme.Server.Acme;

/// <summary>Every ACME route, in the order of RFC 8555, with who must sign it.</summary>
internal static class AcmeEndpoints
{
    public static void MapAcme(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/directory", ["GET", "HEAD"], GetDirectory.Default);
        routes.MapMethods("/acme/{profile}/directory", ["GET", "HEAD"], GetDirectory.Handle);           // §7.1.1
        routes.MapMethods("/acme/{profile}/new-nonce", ["GET", "HEAD"], NewNonce.Handle);               // §7.2

        var ticket = routes.MapGroup($"/acme/{{profile}}/{TicketDirectories.Route}").RefusedAs(RefusedAs.Directory);
        ticket.MapMethods("/directory", ["GET", "HEAD"], GetDirectory.Handle);
        ticket.MapMethods("/new-nonce", ["GET", "HEAD"], NewNonce.Handle);
        routes.MapPost("/directory", GetDirectory.Posted).WithMetadata(new SignedBy(Signer.Account));   // §6.3

        // a profile's directory, and those of its tickets
        MapDirectory(routes.MapGroup("/acme/{profile}").RefusedAs(RefusedAs.Request));
        MapDirectory(routes.MapGroup($"/acme/{{profile}}/{TicketDirectories.Route}").RefusedAs(RefusedAs.Request));
    }

    private static void MapDirectory(RouteGroupBuilder acme)
    {
        var byKey = acme.MapGroup("").WithMetadata(new SignedBy(Signer.Key));
        var byAccount = acme.MapGroup("").WithMetadata(new SignedBy(Signer.Account));
        var byEither = acme.MapGroup("").WithMetadata(new SignedBy(Signer.Either));

        byAccount.MapPost("/directory", GetDirectory.Posted);                                                   // §6.3
        byAccount.MapPost("/new-nonce", NewNonce.Posted);                                                       // §6.3

        byKey.MapPost("/new-account", NewAccount.Handle).RefusedAs(RefusedAs.Account);                          // §7.3
        byAccount.MapPost("/account/{id}", UpdateAccount.Handle).RefusedAs(RefusedAs.Account);                  // §7.3.2, §7.3.6
        byAccount.MapPost("/key-change", ChangeKey.Handle).RefusedAs(RefusedAs.Account);                        // §7.3.5
        byAccount.MapPost("/account/{id}/orders", ListOrders.Handle);                                           // §7.1.2.1
        byAccount.MapPost("/new-order", CreateOrder.Handle).RefusedAs(RefusedAs.Order);                         // §7.4
        byAccount.MapPost("/order/{id}", GetOrder.Handle);                                                      // §7.4
        byAccount.MapPost("/order/{id}/finalize", FinalizeOrder.Handle).RefusedAs(RefusedAs.Order);             // §7.4
        byAccount.MapPost("/new-authz", NewAuthorization.Handle).RefusedAs(RefusedAs.Authorization);            // §7.4.1
        byAccount.MapPost("/cert/{id}", GetCertificate.Handle);                                                 // §7.4.2
        byAccount.MapPost("/cert/{id}/{alternate:int}", GetCertificate.Alternate);                              // §7.4.2
        byAccount.MapPost("/authz/{id}", GetAuthorization.Handle).RefusedAs(RefusedAs.Authorization);           // §7.5, §7.5.2
        byAccount.MapPost("/chall/{id}", RespondToChallenge.Handle).RefusedAs(RefusedAs.Challenge);             // §7.5.1, device-attest §5
        byEither.MapPost("/revoke-cert", RevokeCertificate.Handle).RefusedAs(RefusedAs.Revocation);             // §7.6
    }
}
