#ifndef PORTCULLIS_CCAP_H
#define PORTCULLIS_CCAP_H

#endif
